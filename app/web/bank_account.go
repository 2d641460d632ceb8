package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"tieout/app/deposit"
	"tieout/app/fault"
	"tieout/app/money"
	"tieout/views"
)

func bankAccountPath(id int64) string { return fmt.Sprintf("/reconciliation/accounts/%d", id) }

// bankAccountNew asks for a new bank account.
func (s *server) bankAccountNew(r *request) error {
	a := deposit.Account{}
	if id := r.connection(); id != 0 {
		a.Connections = []int64{id}
	}
	return s.showBankAccount(r, http.StatusOK, a, nil)
}

// bankAccountShow shows a bank account, to be changed.
func (s *server) bankAccountShow(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	a, err := s.Deposits.Account(r.ctx(), id)
	if err != nil {
		return err
	}
	return s.showBankAccount(r, http.StatusOK, a, nil)
}

func (s *server) showBankAccount(r *request, status int, a deposit.Account, wrong map[string]string) error {
	connections, err := s.Insight.Connections(r.ctx())
	if err != nil {
		return err
	}
	title := a.Name
	if a.ID == 0 {
		title = "New bank account"
	}
	page, model, err := s.depositPage(r, title, "Statements")
	if err != nil {
		return err
	}
	form := &views.AdminForm{Action: "/reconciliation/accounts", Submit: views.Button{Label: "Save", Icon: "check", Look: views.Primary},
		Fields: []views.Field{
			{Name: "name", Label: "Name", Value: a.Name, Required: true, Error: wrong["name"]},
			{Name: "number", Label: "Number", Value: a.Number, Mono: true, Hint: "IBAN, or the number as the bank's files write it."},
			{Name: "currency", Label: "Currency", Value: string(a.Currency), Required: true, Error: wrong["currency"], Hint: "Fixed once it has a statement."},
			{Name: "gl_account", Label: "P21 account", Value: a.GLAccount, Mono: true, Hint: "The bank's account in P21's chart."},
		}}
	if a.ID != 0 {
		form.Hidden = []views.Hidden{{Name: "id", Value: strconv.FormatInt(a.ID, 10)}, {Name: "version", Value: strconv.Itoa(int(a.Version))}}
	}
	group := views.FieldGroup{Legend: "Whose deposits come to it", Hint: wrong["connections"]}
	for _, c := range connections {
		f := views.Field{Name: "connection-" + strconv.FormatInt(c.ID, 10), Label: cmp.Or(c.Title, c.Name), Type: "checkbox", Value: on(slices.Contains(a.Connections, c.ID))}
		group.Fields = append(group.Fields, f)
	}
	form.Groups = []views.FieldGroup{group}
	if !r.mayMatch() {
		form.Why = "An accountant changes bank accounts."
	}
	model.Sheets = []views.AdminSheet{{Title: "Bank account", Form: form}}
	if a.ID != 0 {
		model.Facts = []views.Fact{{Name: "Statements", Value: views.Anchor(views.Link{Text: views.Count(int(a.Statements)), Href: statementBase + "?account=" + strconv.FormatInt(a.ID, 10)})},
			{Name: "They tell of", Value: views.Text(r.dayOrNone(a.From).Text + " to " + r.dayOrNone(a.To).Text)}}
	}
	return r.showAs(status, views.DepositView(page, model))
}

func (s *server) bankAccountSave(r *request) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	a := deposit.Account{ID: in.id("id"), Version: int32(in.number("version", 0, 1<<30)), Name: in.text("name", 120), Number: in.text("number", 60), Currency: money.Currency(in.text("currency", 3)), GLAccount: in.text("gl_account", 60)}
	connections, err := s.Insight.Connections(r.ctx())
	if err != nil {
		return err
	}
	for _, c := range connections {
		if in.checked("connection-" + strconv.FormatInt(c.ID, 10)) {
			a.Connections = append(a.Connections, c.ID)
		}
	}
	if err := in.err(); err != nil {
		return err
	}
	_, err = s.Deposits.SaveAccount(r.ctx(), a, r.actor())
	if wrong := fault.FieldsOf(err); wrong != nil {
		return s.showBankAccount(r, http.StatusUnprocessableEntity, a, wrong)
	}
	if err != nil {
		return err
	}
	r.flash(views.Done, "Saved.", "Statements of "+a.Name+" can be uploaded.")
	return r.goTo(statementBase)
}
