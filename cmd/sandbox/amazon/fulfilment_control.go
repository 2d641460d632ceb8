package amazon

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// FulfilmentAction is what a control call asks for: hurry an order of another
// channel by minutes, spoil units of an SKU in it, or store units of an SKU.
type FulfilmentAction struct {
	Account string `json:"account"`
	Action  string `json:"action"` // hurry, spoil or store
	ID      string `json:"id,omitempty"`
	SKU     string `json:"sku,omitempty"`
	Units   int    `json:"units,omitempty"`
	Minutes int    `json:"minutes,omitempty"`
}

// Act does what a control call asks for.
func (s *Server) Act(a FulfilmentAction) error {
	switch a.Action {
	case "hurry":
		return s.Hurry(a.Account, a.ID, time.Duration(a.Minutes)*time.Minute)
	case "spoil":
		return s.Spoil(a.Account, a.ID, a.SKU, a.Units)
	case "store":
		return s.Store(a.Account, a.SKU, a.Units)
	}
	return fmt.Errorf("action %q is none of hurry, spoil and store", a.Action)
}

// ControlFulfilments lists the orders of other channels of ?account= with their
// states, and takes a FulfilmentAction.
func (s *Server) ControlFulfilments(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		list, err := s.Fulfilled(r.URL.Query().Get("account"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		write(w, http.StatusOK, list)
		return
	}
	var asked FulfilmentAction
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&asked)
	if err == nil {
		err = s.Act(asked)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
