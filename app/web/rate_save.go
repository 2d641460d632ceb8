package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/rates"
	"tieout/views"
)

// rateSave stores rates that were typed, all or none.
func (s *server) rateSave(r *request) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	reason, connection, confirmed := in.text("reason", 500), in.id("connection"), in.checked("confirm")
	list, problems := typedRates(in.values.Get("rates"), connection, reason)
	if len(problems) > 0 || len(list) == 0 {
		in.refuse("rates", "%s", strings.TrimSpace(strings.Join(problems, " ")+" Nothing was stored."))
	}
	problem := in.err()
	if problem == nil {
		_, problem = s.Rates.Store(r.ctx(), list, rates.How{Origin: rates.ByHand, Source: r.person.Name, Confirmed: confirmed}, r.actor())
	}
	if wrong := fault.FieldsOf(problem); wrong != nil {
		return s.showRates(r, http.StatusUnprocessableEntity, in, rateFields(wrong))
	}
	if problem != nil {
		return problem
	}
	r.flash(views.Done, "Stored.", views.Counted(len(list), "rate", "rates")+"; drafts that waited for them are built again.")
	return r.goTo("/admin/rates")
}

// rateFields puts what is wrong about a rate where the form has it.
func rateFields(wrong map[string]string) map[string]string {
	for _, field := range []string{"base", "quote", "on", "rate"} {
		if wrong[field] != "" {
			wrong["rates"] = wrong[field]
		}
	}
	return wrong
}

// mostTyped is how many rates one form stores.
const mostTyped = 500

// typedRates reads all lines and collects what is wrong with any of them.
func typedRates(text string, connection int64, reason string) (list []rates.Entry, problems []string) {
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		parts := strings.FieldsFunc(line, func(c rune) bool { return c == ',' || c == ';' || c == '\t' || c == ' ' })
		if len(parts) != 4 {
			problems = append(problems, fmt.Sprintf("Line %d: day, from, to and rate are needed.", n+1))
			continue
		}
		e := rates.Entry{ConnectionID: connection, Pair: rates.Pair{Base: money.Currency(strings.ToUpper(parts[1])), Quote: money.Currency(strings.ToUpper(parts[2]))}, Reason: reason}
		on, errDay := period.ParseDate(parts[0])
		value, errRate := money.ParsePlain(parts[3])
		if errDay != nil {
			problems = append(problems, fmt.Sprintf("Line %d: %v.", n+1, errDay))
			continue
		}
		if errRate != nil || len(parts[3]) > 40 {
			value = decimal.Zero
		}
		e.On, e.Value = on, value
		if _, words := e.Problem(); words != "" {
			problems = append(problems, fmt.Sprintf("Line %d: %s", n+1, words))
			continue
		}
		list = append(list, e)
	}
	if len(list) > mostTyped {
		return nil, []string{fmt.Sprintf("More than %d lines: upload them as a file.", mostTyped)}
	}
	return list, append(problems, twice(list)...)
}

// twice names days that are told more than once.
func twice(list []rates.Entry) (problems []string) {
	seen := map[string]bool{}
	for _, e := range list {
		key := fmt.Sprint(e.Pair, e.On)
		if seen[key] {
			problems = append(problems, fmt.Sprintf("%s to %s of %s stands there twice.", e.Base, e.Quote, e.On))
		}
		seen[key] = true
	}
	return problems
}
