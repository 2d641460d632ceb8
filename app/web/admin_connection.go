package web

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"tieout/app/connection"
	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/app/money"
	"tieout/views"
)

// connectionList lists the connections.
func (s *server) connectionList(r *request) error {
	list, err := s.Connections.List(r.ctx())
	if err != nil {
		return err
	}
	table := views.Table{Caption: "Connections", Columns: []views.Column{{Label: "Connection"}, {Label: "Environment", Kind: views.Tight}, {Label: "Amazon", Kind: views.Tight},
		{Label: "P21 company", Kind: views.Tight}, {Label: "Time zone", Kind: views.Tight}, {Label: "Settlements", Kind: views.Number}, {Label: "Accounts read", Kind: views.Tight}, {Label: "State", Kind: views.Tight}},
		Empty: views.Empty{Icon: "plug", Title: "No connection yet", Text: "A connection pairs one Amazon seller account with one Prophet 21 company.", Action: views.Link{Text: "Create one", Href: "/admin/connections/new"}}}
	for _, c := range list {
		state := views.Pill{State: views.Done, Text: "Active"}
		if c.PausedAt != nil {
			state = views.Pill{State: views.Waiting, Text: "Paused"}
		}
		synced := views.Nothing()
		if c.SyncedAt.After(time.Unix(0, 0)) {
			synced = views.Moment(r.format().Ago(c.SyncedAt, s.Clock.Now()))
		}
		table.Rows = append(table.Rows, cells(views.Stacked(views.RowLink(views.Link{Text: cmp.Or(c.Title, c.Name), Href: fmt.Sprintf("/admin/connections/%d", c.ID)}), c.Name),
			views.Text(c.Environment), views.Text(strings.ToUpper(c.AmazonRegion)), views.Text(c.P21Company+" "+c.FunctionalCurrency), views.Text(c.TimeZone),
			views.Text(views.Count(int(c.Settlements))), synced, views.StatusPill(state)))
	}
	model := views.AdminPage{Sheets: []views.AdminSheet{{Title: "Connections", Table: &table}}}
	if r.person.Can(identity.ManageConnections) {
		model.Buttons = []views.Button{{Label: "New connection", Icon: "plus", Look: views.Primary, Href: "/admin/connections/new"}}
	}
	return r.admin(views.Connections, "Connections", model)
}

func (s *server) connectionNew(r *request) error {
	c := connection.Connection{Environment: "production", AmazonRegion: "na", P21Adapter: "seedv2", P21Journal: "AZ", P21PositiveDebit: true,
		FunctionalCurrency: "USD", TimeZone: "America/New_York", RevenueMode: "summary"}
	return s.connectionForm(r, http.StatusOK, c, nil, nil)
}

func (s *server) connectionShow(r *request) error {
	c, err := s.connectionOf(r)
	if err != nil {
		return err
	}
	return s.connectionForm(r, http.StatusOK, c, nil, nil)
}

func (s *server) connectionOf(r *request) (connection.Connection, error) {
	id, err := r.pathID("id")
	if err != nil {
		return connection.Connection{}, err
	}
	return s.Connections.Get(r.ctx(), id)
}

// connectionForm shows a connection. Secrets are written and never shown.
func (s *server) connectionForm(r *request, status int, c connection.Connection, wrong map[string]string, steps []connection.Step) error {
	base, title := fmt.Sprintf("/admin/connections/%d", c.ID), cmp.Or(c.Title, c.Name)
	form := &views.AdminForm{Action: base, Submit: views.Button{Label: "Save", Icon: "check", Look: views.Primary}, Hidden: []views.Hidden{{Name: "version", Value: fmt.Sprint(c.Version)}}}
	if c.ID == 0 {
		form.Action, title = "/admin/connections/new", "New connection"
		form.Fields = append(form.Fields, views.Field{Name: "name", Label: "Short name", Value: c.Name, Error: wrong["name"], Required: true, Mono: true, Hint: "For the shell and addresses; it stays."})
	}
	if !r.person.Can(identity.ManageConnections) {
		form.Why = "An administrator changes connections."
	}
	form.Fields = append(form.Fields, connectionFields(c, wrong)...)
	form.Groups = []views.FieldGroup{queueFields(c, wrong)}
	model := views.AdminPage{}
	if len(steps) > 0 {
		sheet := views.AdminSheet{Title: "Test"}
		for _, step := range steps {
			check := views.Check{State: views.Done, Name: step.Side + ": " + step.Name, Reason: step.Detail}
			if !step.OK {
				check.State = views.Wrong
			}
			sheet.Checks = append(sheet.Checks, check)
		}
		model.Sheets = append(model.Sheets, sheet)
	}
	notices, err := s.noticeSheet(r, c)
	if err != nil {
		return err
	}
	if notices != nil {
		model.Sheets = append(model.Sheets, *notices)
	}
	model.Sheets = append(model.Sheets, views.AdminSheet{Title: "Settings", Form: form})
	if c.ID != 0 {
		model.Buttons = r.connectionButtons(c, base)
	}
	return r.adminAs(status, views.Connections, title, model)
}

func (r *request) connectionButtons(c connection.Connection, base string) []views.Button {
	var buttons []views.Button
	if r.person.Can(identity.ManageConnections) {
		buttons = append(buttons, views.Button{Label: "Test", Icon: "plug", Action: base + "/test"}, views.Button{Label: "Read accounts and periods", Icon: "rotate-ccw", Action: base + "/sync"})
		if c.QueueURL != "" && r.server.Notices != nil {
			buttons = append(buttons, views.Button{Label: "Subscribe to notifications", Icon: "plug", Action: base + "/subscribe"})
		}
	}
	if r.person.Can(identity.RunFlows) {
		buttons = append(buttons, views.Button{Label: "Look for reports", Icon: "search", Action: base + "/find"})
		label := "Pause"
		if c.PausedAt != nil {
			label = "Resume"
		}
		buttons = append(buttons, views.Button{Label: label, Icon: "pause", Action: base + "/pause", Name: "what", Value: strings.ToLower(label)})
	}
	return buttons
}

func choices(current string, pairs ...string) []views.Option {
	var options []views.Option
	for i := 0; i+1 < len(pairs); i += 2 {
		options = append(options, views.Option{Value: pairs[i], Label: pairs[i+1], Current: pairs[i] == current})
	}
	return options
}

func stored(held bool) string {
	if held {
		return "Stored. Leave it empty to keep it."
	}
	return "Not stored yet."
}

// queueFields are where Amazon's notifications arrive.
func queueFields(c connection.Connection, wrong map[string]string) views.FieldGroup {
	text := func(name, label, value, hint string) views.Field {
		return views.Field{Name: name, Label: label, Value: value, Error: wrong[name], Hint: hint}
	}
	return views.FieldGroup{Legend: "Notifications", Hint: "An Amazon SQS queue of the type standard. Without one, changes are found by polling.", Fields: []views.Field{
		text("queue_url", "Queue address", c.QueueURL, "As in https://sqs.us-east-1.amazonaws.com/123456789012/tieout"), text("queue_region", "AWS region", c.QueueRegion, "As in us-east-1"),
		text("queue_key_id", "AWS access key id", c.QueueKeyID, "Empty: the role of this machine"),
		{Name: "queue_secret", Label: "AWS secret access key", Type: "password", Hint: stored(c.Has.QueueSecret), Mono: true},
	}}
}

func connectionFields(c connection.Connection, wrong map[string]string) []views.Field {
	text := func(name, label, value string) views.Field {
		return views.Field{Name: name, Label: label, Value: value, Error: wrong[name]}
	}
	secret := func(name, label string, held bool) views.Field {
		return views.Field{Name: name, Label: label, Type: "password", Hint: stored(held), Mono: true}
	}
	pick := func(name, label, value string, pairs ...string) views.Field {
		return views.Field{Name: name, Label: label, Options: choices(value, pairs...), Error: wrong[name]}
	}
	positive := views.Field{Name: "p21_positive_debit", Label: "A debit is a positive amount (native adapter)", Type: "checkbox", Value: "on"}
	positive.Options = nil
	if !c.P21PositiveDebit {
		positive.Value = ""
	}
	return []views.Field{
		text("title", "Name for people", c.Title), pick("environment", "Environment", c.Environment, "production", "Production", "sandbox", "Sandbox"),
		pick("amazon_region", "Amazon region", c.AmazonRegion, "na", "North America", "eu", "Europe", "fe", "Far East"),
		text("marketplace_ids", "Marketplace ids", strings.Join(c.MarketplaceIDs, ", ")), text("seller_id", "Seller id", c.SellerID),
		text("amazon_endpoint", "Selling Partner API address", c.AmazonEndpoint), text("lwa_url", "Login with Amazon address", c.LWAURL),
		text("lwa_client_id", "LWA client id", c.LWAClientID), secret("lwa_client_secret", "LWA client secret", c.Has.LWAClientSecret), secret("refresh_token", "Refresh token", c.Has.RefreshToken),
		text("p21_url", "P21 address", c.P21URL), pick("p21_adapter", "P21 adapter", c.P21Adapter, "seedv2", "seedv2 (/api/v2)", "native", "native"),
		text("p21_company", "P21 company", c.P21Company), text("p21_username", "P21 user", c.P21Username), secret("p21_password", "P21 password", c.Has.P21Password),
		secret("p21_client_secret", "P21 consumer key", c.Has.P21ClientSecret), text("p21_journal", "P21 journal", c.P21Journal),
		text("functional_currency", "Functional currency", string(c.FunctionalCurrency)), text("time_zone", "Time zone of the books", c.TimeZone),
		pick("revenue_mode", "Revenue", c.RevenueMode, "summary", "From the settlement (summary)", "invoiced", "Invoiced in P21"), positive,
	}
}

func (r *request) connectionInput(c connection.Connection) (connection.Connection, connection.Secrets, error) {
	in, err := r.form()
	if err != nil {
		return c, connection.Secrets{}, err
	}
	c.Version = int32(in.number("version", 0, math.MaxInt32))
	c.Title, c.Environment, c.AmazonRegion = in.text("title", 80), in.text("environment", 20), in.text("amazon_region", 2)
	c.MarketplaceIDs = strings.FieldsFunc(in.text("marketplace_ids", 400), func(x rune) bool { return x == ',' || x == ' ' })
	c.SellerID, c.AmazonEndpoint, c.LWAURL, c.LWAClientID = in.text("seller_id", 80), in.text("amazon_endpoint", 300), in.text("lwa_url", 300), in.text("lwa_client_id", 200)
	c.P21URL, c.P21Adapter, c.P21Company, c.P21Username, c.P21Journal = in.text("p21_url", 300), in.text("p21_adapter", 20), in.text("p21_company", 8), in.text("p21_username", 80), in.text("p21_journal", 2)
	c.FunctionalCurrency, c.TimeZone, c.RevenueMode = money.Currency(strings.ToUpper(in.text("functional_currency", 3))), in.text("time_zone", 60), in.text("revenue_mode", 20)
	c.P21PositiveDebit = in.checked("p21_positive_debit")
	c.QueueURL, c.QueueRegion, c.QueueKeyID = in.text("queue_url", 300), in.text("queue_region", 40), in.text("queue_key_id", 200)
	secrets := connection.Secrets{LWAClientSecret: in.text("lwa_client_secret", 1000), RefreshToken: in.text("refresh_token", 4000),
		P21Password: in.text("p21_password", 1000), P21ClientSecret: in.text("p21_client_secret", 1000), QueueSecret: in.text("queue_secret", 1000)}
	return c, secrets, in.err()
}

func (s *server) connectionCreate(r *request) error {
	c, secrets, err := r.connectionInput(connection.Connection{})
	c.Name = strings.TrimSpace(r.Request().PostFormValue("name"))
	id := int64(0)
	if err == nil {
		id, err = s.Connections.Create(r.ctx(), c, secrets, r.actor())
	}
	if wrong := fault.FieldsOf(err); wrong != nil {
		return s.connectionForm(r, http.StatusUnprocessableEntity, c, wrong, nil)
	}
	if err != nil {
		return err
	}
	r.flash(views.Done, "The connection is created.", "Test it, then read accounts and periods and pick the accounts under Mapping rules.")
	return r.goTo("/admin/connections/%d", id)
}

func (s *server) connectionSave(r *request) error {
	stored, err := s.connectionOf(r)
	if err != nil {
		return err
	}
	c, secrets, err := r.connectionInput(stored)
	if err == nil {
		err = s.Connections.Update(r.ctx(), c, secrets, r.actor())
	}
	if wrong := fault.FieldsOf(err); wrong != nil {
		return s.connectionForm(r, http.StatusUnprocessableEntity, c, wrong, nil)
	}
	if err != nil {
		return err
	}
	r.flash(views.Done, "Saved.", "")
	return r.goTo("/admin/connections/%d", c.ID)
}

// connectionTest tries both sides and shows what worked.
func (s *server) connectionTest(r *request) error {
	c, err := s.connectionOf(r)
	if err != nil {
		return err
	}
	steps, err := s.Connections.Test(r.ctx(), c.ID)
	if err != nil {
		return err
	}
	return s.connectionForm(r, http.StatusOK, c, nil, steps)
}

func (s *server) connectionSync(r *request) error {
	c, err := s.connectionOf(r)
	if err != nil {
		return err
	}
	accounts, periods, err := s.Connections.Sync(r.ctx(), c.ID, r.actor())
	if err != nil {
		return err
	}
	r.flash(views.Done, "Read from Prophet 21.", fmt.Sprintf("%d accounts and %d periods.", accounts, periods))
	return r.goTo("/admin/connections/%d", c.ID)
}

func (s *server) connectionFind(r *request) error {
	c, err := s.connectionOf(r)
	if err != nil {
		return err
	}
	if err := s.Steward.FindReports(r.ctx(), c.ID); err != nil {
		return err
	}
	r.flash(views.Done, "Looking for reports.", "New settlements appear by themselves.")
	if !r.person.Can(identity.ManageConnections) { // who runs flows sees what comes of it
		return r.goTo("/settlements?connection=%d", c.ID)
	}
	return r.goTo("/admin/connections/%d", c.ID)
}

func (s *server) connectionPause(r *request) error {
	c, err := s.connectionOf(r)
	if err != nil {
		return err
	}
	if err := s.Connections.Pause(r.ctx(), c.ID, r.Request().PostFormValue("what") == "pause", r.actor()); err != nil {
		return err
	}
	return r.goTo("/admin/connections/%d", c.ID)
}
