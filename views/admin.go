package views

// AdminPage is a page of administration: sheets with a table, a form or both.
type AdminPage struct {
	Buttons []Button // of the head
	Alerts  []Alert
	Sheets  []AdminSheet
	Dialogs []AdminDialog
}

// AdminDialog asks, over the page, for the last word on an action.
type AdminDialog struct {
	ID    string // of the button that opens it
	Sheet AdminSheet
	More  Link // to the whole of what it shows
}

// AdminSheet is one part of an AdminPage.
type AdminSheet struct {
	Title  string
	Lead   string
	Checks []Check
	Form   *AdminForm
	Table  *Table
}

// AdminForm posts its fields. A field of Type "checkbox" is one, a field with
// Options a choice, one with Rows a text area.
type AdminForm struct {
	Action   string
	Get      bool // asks instead of changing something
	Files    bool // sends files
	Fields   []Field
	Groups   []FieldGroup // below the fields
	Hidden   []Hidden
	Accounts []Account // what fields with List "accounts" choose from
	Submit   Button
	Why      string // why this person may not send it; "" when they may
}

// FieldGroup is fields that belong together, under a legend.
type FieldGroup struct {
	Legend string
	Hint   string
	Fields []Field
}

func (f AdminForm) method() string {
	if f.Get {
		return "get"
	}
	return "post"
}

func (f AdminForm) encoding() string {
	if f.Files {
		return "multipart/form-data"
	}
	return "application/x-www-form-urlencoded"
}

func (a AdminSheet) table() Table {
	t := *a.Table
	t.Inside = true
	return t
}
