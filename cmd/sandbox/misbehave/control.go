package misbehave

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// ServeHTTP lists, adds and removes rules; mount it at /control/faults.
func (p *Plan) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	switch request.Method {
	case http.MethodGet:
		answer(w, http.StatusOK, p.Rules())
	case http.MethodPost:
		p.serveAdd(w, request)
	case http.MethodDelete:
		p.serveRemove(w, request)
	default:
		w.Header().Set("Allow", "GET, POST, DELETE")
		answer(w, http.StatusMethodNotAllowed, map[string]string{"error": "use GET, POST or DELETE"})
	}
}

func (p *Plan) serveAdd(w http.ResponseWriter, request *http.Request) {
	var rule Rule
	decoder := json.NewDecoder(http.MaxBytesReader(w, request.Body, 1<<20))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&rule)
	if err == nil {
		rule.ID, err = p.Add(rule)
	}
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	answer(w, http.StatusCreated, map[string]int{"id": rule.ID})
}

func (p *Plan) serveRemove(w http.ResponseWriter, request *http.Request) {
	text := request.URL.Query().Get("id")
	if text == "" {
		p.Clear()
		w.WriteHeader(http.StatusNoContent)
		return
	}
	id, err := strconv.Atoi(text)
	if err != nil || !p.Remove(id) {
		answer(w, http.StatusNotFound, map[string]string{"error": "no rule has id " + text})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller has gone away when this fails
}
