package p21

import (
	"encoding/json"
	"io"
	"net/http"
)

// control mounts what tests and people ask the stand-in itself.
func (s *Server) control(mux *http.ServeMux) {
	mux.HandleFunc("GET /control/p21/journals", func(w http.ResponseWriter, r *http.Request) {
		company, reference := r.URL.Query().Get("company"), r.URL.Query().Get("reference")
		journals := s.Journals(company)
		if reference != "" {
			journals = s.ByReference(company, reference)
		}
		writeJSON(w, http.StatusOK, append([]Journal{}, journals...))
	})
	mux.HandleFunc("GET /control/p21/trial-balance", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusOK, s.TrialBalance(r.URL.Query().Get("company")))
	})
	mux.HandleFunc("GET /control/p21/periods", s.showPeriods)
	mux.HandleFunc("POST /control/p21/periods", s.setPeriod)
	mux.HandleFunc("POST /control/p21/token", s.setToken)
	s.controlOrders(mux)
	if s.config.Faults != nil {
		mux.Handle("/control/faults", s.config.Faults)
	}
}

type controlPeriod struct {
	Company    string `json:"company"`
	FiscalYear int    `json:"fiscalYear"`
	Period     int    `json:"period"`
	Starts     string `json:"starts,omitempty"`
	Ends       string `json:"ends,omitempty"`
	Closed     bool   `json:"closed"`
}

func (s *Server) showPeriods(w http.ResponseWriter, r *http.Request) {
	company := r.URL.Query().Get("company")
	periods := []controlPeriod{}
	if _, exists := s.books.company(company); exists {
		for _, p := range s.Periods(company) {
			periods = append(periods, controlPeriod{company, p.FiscalYear, p.Number, p.Starts.String(), p.Ends.String(), p.Closed})
		}
	}
	writeJSON(w, http.StatusOK, periods)
}

func (s *Server) setPeriod(w http.ResponseWriter, r *http.Request) {
	var p controlPeriod
	err := decode(r, &p)
	if err == nil {
		err = s.ClosePeriod(p.Company, p.FiscalYear, p.Period, p.Closed)
	}
	reply(w, err)
}

func (s *Server) setToken(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		XML    *bool `json:"xml"`
		Expire bool  `json:"expire"`
	}
	err := decode(r, &asked)
	if err == nil && asked.XML != nil {
		s.SetTokenXML(*asked.XML)
	}
	if err == nil && asked.Expire {
		s.ExpireTokens()
	}
	reply(w, err)
}

func decode(r *http.Request, into any) error {
	decoder := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

func reply(w http.ResponseWriter, err error) {
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
