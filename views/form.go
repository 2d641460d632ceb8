package views

import "github.com/a-h/templ"

// Button submits a form or, with Href, leads somewhere.
type Button struct {
	Label   string
	Icon    string
	Look    Look
	Action  string // where it posts to, when not its form's own action
	Name    string // posted with Value
	Value   string
	Href    string
	Dialog  string // id of a Dialog that it opens
	Confirm string // asked first, when scripts run
	Why     string // why it cannot be used now; disables it and is shown on hover
}

// Look is the weight of a button; a page has one Primary at most.
type Look string

// Looks of buttons.
const (
	Ordinary Look = ""
	Primary  Look = "primary"
	Danger   Look = "danger"
	Quiet    Look = "quiet"
)

// Field is one input with its label, hint and error.
type Field struct {
	Name     string
	Label    string
	Value    string
	Type     string // text (default), search, number, date, email, url, password, file
	Hint     string
	Error    string
	Required bool
	Disabled bool
	ReadOnly bool
	Mono     bool // ids, patterns, secrets
	Rows     int  // lines of a TextArea
	Options  []Option
	List     string // id of an AccountList or another datalist to choose from
	Accept   string // file types
	Multiple bool
	Place    string // placeholder: an example, never the label
	Width    string // in filter bars: "wide" or "short"
	Suffix   string // appended to the id where a form stands on a page twice
}

// Option is one entry of a Select or Radios.
type Option struct {
	Value   string
	Label   string
	Hint    string
	Current bool
	Group   string // entries of the same group stand together
}

// Account is a GL account to choose from.
type Account struct {
	Number string
	Name   string
	Note   string // "inactive", "not in P21"
}

// Filter is the bar above a table. It is a GET form: the address always says
// what is shown.
type Filter struct {
	Action string
	Fields []Field
	More   []Field // behind "More filters"; open while one of them is set
	Keep   []Hidden
	Target string // id of the table it refreshes; "" is "results"
	Clear  string // link without filters; "" when none is set
	Slim   bool   // labels stand inside the fields, for pages that need the height
}

// Saved is a filter that the person keeps.
type Saved struct {
	Name    string
	Href    string
	Current bool
	Delete  string // posts here; "" cannot be deleted
}

// Save keeps the current filter under a name: it posts "name" and "query".
type Save struct {
	Action string
	Query  string
}

func (f Field) id() string { return "f-" + f.Name + f.Suffix }

func (f Field) kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

// describedBy names the hint and the error of the field for screen readers.
func (f Field) describedBy() string {
	ids := ""
	if f.Hint != "" {
		ids = f.id() + "-hint"
	}
	if f.Error != "" {
		if ids != "" {
			ids += " "
		}
		ids += f.id() + "-error"
	}
	return ids
}

// autocomplete is off: browsers fill in people's addresses otherwise.
func (f Field) autocomplete() string {
	if f.kind() == "password" {
		return "new-password"
	}
	return "off"
}

// optionGroups keeps the order of options and of their groups.
func optionGroups(options []Option) []optionGroup {
	var groups []optionGroup
	for _, option := range options {
		if len(groups) == 0 || groups[len(groups)-1].name != option.Group {
			groups = append(groups, optionGroup{name: option.Group})
		}
		last := &groups[len(groups)-1]
		last.options = append(last.options, option)
	}
	return groups
}

type optionGroup struct {
	name    string
	options []Option
}

func (o Option) chosen(value string) bool { return o.Current || (value != "" && o.Value == value) }

// slim moves a field's label into the field; screen readers still read it.
func (f Field) slim() Field {
	if f.Type != "date" {
		f.Place = f.Label
	}
	options := make([]Option, len(f.Options))
	for i, option := range f.Options {
		if option.Value == "" {
			option.Label = f.Label + ": " + option.Label
		}
		options[i] = option
	}
	f.Options = options
	return f
}

func (f Filter) target() string {
	if f.Target == "" {
		return "#results"
	}
	return "#" + f.Target
}

// opened reports whether a field behind "More filters" is set.
func (f Filter) opened() bool {
	for _, field := range f.More {
		if field.Value != "" {
			return true
		}
		for _, option := range field.Options {
			if option.Current && option.Value != "" {
				return true
			}
		}
	}
	return false
}

func (e Empty) title() string {
	if e.Title == "" {
		return "Nothing here yet"
	}
	return e.Title
}

// alone returns the button as the only one of its own form.
func (b Button) alone() Button {
	b.Action = ""
	return b
}

func (a Account) label() string {
	if a.Note == "" {
		return a.Name
	}
	return a.Name + " (" + a.Note + ")"
}

// fieldState marks an input as wrong and ties it to its hint and error.
func fieldState(f Field) templ.Attributes {
	attributes := templ.Attributes{}
	if f.Error != "" {
		attributes["aria-invalid"] = "true"
	}
	if ids := f.describedBy(); ids != "" {
		attributes["aria-describedby"] = ids
	}
	return attributes
}
