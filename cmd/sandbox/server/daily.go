package server

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"tieout/app/period"
	"tieout/cmd/sandbox/p21"
)

// dailyDays is how many days the daily files with a history go back.
const dailyDays = 90

// serveDaily publishes rates as the European Central Bank does: eurofxref-daily.xml
// and eurofxref-hist-90d.xml, eurofxref.csv and eurofxref-hist.csv.
func (s *Server) serveDaily(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	days := s.published(1)
	if strings.Contains(name, "-hist") {
		days = s.published(dailyDays)
	}
	switch {
	case strings.HasSuffix(name, ".xml"):
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprint(w, dailyXML(days))
	case strings.HasSuffix(name, ".csv"):
		w.Header().Set("Content-Type", "text/csv")
		fmt.Fprint(w, dailyCSV(days))
	default:
		http.NotFound(w, r)
	}
}

// published are the last n days that have rates, the newest first.
func (s *Server) published(n int) []period.Date {
	var days []period.Date
	for day := period.DateOf(s.clock.Now()); len(days) < n; day = day.AddDays(-1) {
		if p21.Rated(day) {
			days = append(days, day)
		}
	}
	return days
}

func dailyCurrencies() []string {
	return []string{"USD", "JPY", "GBP", "PLN", "SEK", "TRY", "AUD", "BRL", "CAD", "INR", "MXN", "SGD", "ZAR"}
}

func dailyRates(day period.Date) map[string]string {
	rates := map[string]string{}
	for _, code := range dailyCurrencies() {
		if rate, ok := p21.EuroRate(code, day); ok {
			rates[code] = rate.String()
		}
	}
	return rates
}

func dailyXML(days []period.Date) string {
	var text strings.Builder
	text.WriteString(`<?xml version="1.0" encoding="UTF-8"?><gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">` +
		"<gesmes:subject>Reference rates</gesmes:subject><gesmes:Sender><gesmes:name>Sandbox</gesmes:name></gesmes:Sender><Cube>\n")
	for _, day := range days {
		fmt.Fprintf(&text, "<Cube time='%s'>\n", day)
		rates := dailyRates(day)
		for _, code := range slices.Sorted(maps.Keys(rates)) {
			fmt.Fprintf(&text, "<Cube currency='%s' rate='%s'/>\n", code, rates[code])
		}
		text.WriteString("</Cube>\n")
	}
	text.WriteString("</Cube></gesmes:Envelope>\n")
	return text.String()
}

func dailyCSV(days []period.Date) string {
	var text strings.Builder
	text.WriteString("Date, " + strings.Join(dailyCurrencies(), ", ") + ", \n")
	for _, day := range days {
		text.WriteString(day.String() + ", ")
		rates := dailyRates(day)
		for _, code := range dailyCurrencies() {
			text.WriteString(rates[code] + ", ")
		}
		text.WriteString("\n")
	}
	return text.String()
}
