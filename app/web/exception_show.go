package web

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"tieout/app/amazon"
	"tieout/app/exception"
	"tieout/app/identity"
	"tieout/app/money"
	"tieout/views"
)

func exceptionsLink() views.Link { return views.Link{Text: "Exceptions", Href: "/exceptions"} }

// exceptionShow shows one exception.
func (s *server) exceptionShow(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	e, err := s.Exceptions.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	return s.exceptionPage(r, e, http.StatusOK, r.returnPath(), nil, nil)
}

// exceptionPage shows an exception; values and wrong are what was typed into
// its form and what is wrong with it.
func (s *server) exceptionPage(r *request, e exception.Exception, status int, back string, values, wrong map[string]string) error {
	page := r.page(e.Title, views.Exceptions, exceptionsLink())
	page.Path = back
	model := views.ExceptionPage{Status: r.exceptionPill(e), Class: classTitle(e.Class), Advice: classAdvice(e.Class), Links: exceptionLinks(e), Facts: r.exceptionFacts(e)}
	if err := s.exceptionTalk(r, e, &model); err != nil {
		return err
	}
	if err := s.exceptionActions(r, e, &model); err != nil {
		return err
	}
	if err := s.exceptionRecord(r, e, &model, values, wrong); err != nil {
		return err
	}
	approveButton(r, e, &model)
	return r.showAs(status, views.ExceptionView(page, model))
}

// exceptionRecord adds what the exception is about: the kind, the rows, the file.
func (s *server) exceptionRecord(r *request, e exception.Exception, model *views.ExceptionPage, values, wrong map[string]string) (err error) {
	switch e.Class {
	case exception.UnmappedKind:
		if e.State == stateOpen {
			model.Resolve, err = s.resolveModel(r, e, values, wrong)
		}
	case exception.UnreadableLines:
		model.Problems, err = s.problemsModel(r, e)
	case exception.UnreadableFile:
		model.Payload, err = s.payloadModel(r, e)
	case exception.UnknownSKU, exception.NoCost:
		if !mapsSKU(e) {
			break
		}
		model.Map, err = s.mapModel(r, e, values, wrong)
	}
	if err == nil && e.Flow != "" && s.Flows != nil {
		err = errors.Join(s.waitingRecords(r, e, model), s.releasedRecords(r, e, model))
	}
	return err
}

// mapsSKU reports whether an exception waits for an item that stands for its SKU.
func mapsSKU(e exception.Exception) bool {
	switch e.Class {
	case exception.UnknownSKU:
		return true
	case exception.NoCost: // an item without a cost, or lines without a SKU
		return e.Detail["sku"] != nil && e.Detail["item"] == nil
	}
	return false
}

func (r *request) exceptionFacts(e exception.Exception) []views.Fact {
	f := r.format()
	facts := []views.Fact{
		{Name: "Connection", Value: views.Text(e.ConnectionName)},
		{Name: "Records", Value: views.Text(views.Count(int(e.Records)))},
	}
	if shop, ok := amazon.MarketplaceByID(detailText(e.Detail["marketplace"])); ok {
		facts = append(facts, views.Fact{Name: "Marketplace", Value: views.Text(shop.Domain)})
	}
	if e.Marketplace != "" {
		facts = append(facts, views.Fact{Name: "Marketplace", Value: views.Text(e.Marketplace)})
	}
	if e.Amount.Valid {
		facts = append(facts, views.Fact{Name: "At stake", Value: views.Money(f.Value(e.Amount.Decimal, money.Currency(e.Currency)))})
	}
	facts = append(facts,
		views.Fact{Name: "Opened", Value: views.Moment(f.Ago(e.OpenedAt, r.server.Clock.Now()))},
		views.Fact{Name: "Assigned to", Value: textOrNothing(e.AssignedName)})
	if e.SnoozedUntil != nil {
		facts = append(facts, views.Fact{Name: "Snoozed until", Value: views.Moment(f.Time(*e.SnoozedUntil))})
	}
	if e.ResolvedAt != nil {
		facts = append(facts,
			views.Fact{Name: "Closed", Value: views.Moment(f.Time(*e.ResolvedAt))},
			views.Fact{Name: "By", Value: textOr(e.ResolvedName, "the program")},
			views.Fact{Name: "Because", Value: textOrNothing(e.Resolution)})
	}
	for _, name := range slices.Sorted(maps.Keys(e.Detail)) {
		if text := detailText(e.Detail[name]); text != "" && text != e.Title && !slices.Contains([]string{"document", "replaces", "marketplace", "sku"}, name) {
			facts = append(facts, views.Fact{Name: strings.ToUpper(name[:1]) + strings.ReplaceAll(name[1:], "_", " "), Value: views.Text(text)})
		}
	}
	return facts
}

// detailText is a value of an exception's detail; numbers there are whole.
func detailText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case nil:
		return ""
	}
	return fmt.Sprint(value)
}

// exceptionLinks lead to what the exception is about.
func exceptionLinks(e exception.Exception) []views.Link {
	var links []views.Link
	if e.EntryID != 0 {
		links = append(links, views.Link{Text: "Journal entry", Href: fmt.Sprintf("/entries/%d", e.EntryID)})
	}
	if e.SettlementID != 0 {
		settlement := fmt.Sprintf("/settlements/%d", e.SettlementID)
		links = append(links, views.Link{Text: "Settlement", Href: settlement})
		if e.KindID != 0 {
			links = append(links, views.Link{Text: "Its lines", Href: fmt.Sprintf("%s/lines?kind=%d", settlement, e.KindID)})
		}
		if e.Class == exception.AmendedReport {
			links = append(links, views.Link{Text: "What changed, line by line", Href: settlement + "/changes"})
		}
		links = append(links, views.Link{Text: "Documents", Href: settlement + "/documents"})
	}
	return links
}

func (s *server) exceptionTalk(r *request, e exception.Exception, model *views.ExceptionPage) error {
	remarks, err := s.Exceptions.Comments(r.ctx(), e.ID)
	if err != nil {
		return err
	}
	model.Comments = r.remarks(remarks)
	if r.person.Can(identity.Comment) {
		model.Comment = exceptionPath(e, "comment")
	}
	events, err := s.Exceptions.History(r.ctx(), e.ID)
	if err != nil {
		return err
	}
	for _, event := range slices.Backward(events) {
		model.History = append(model.History, r.auditEvent(event))
	}
	model.History = append(model.History, views.Event{State: views.Waiting, Icon: "triangle-alert", Who: "Tieout", What: "opened it", When: r.format().Time(e.OpenedAt)})
	return nil
}

func exceptionPath(e exception.Exception, action string) string {
	return fmt.Sprintf("/exceptions/%d/%s", e.ID, action)
}
