package flow

import (
	"fmt"

	"github.com/shopspring/decimal"

	"tieout/app/expression"
	"tieout/app/fault"
)

// Rules are the formulas and checks of one version, ready to run; safe for
// concurrent use.
type Rules struct {
	VersionID int64
	fields    []field
	checks    []check
}

type field struct {
	Field
	formula *expression.Formula
}

type check struct {
	Check
	formula *expression.Formula
}

// Wrong is what is wrong with one formula of a version.
type Wrong struct {
	List, Name string
	Check      bool
	Err        error
}

// Version is a numbered set of formulas and checks.
type Version struct {
	ID     int64
	Number int32
	Fields []Field
	Checks []Check
}

// compile checks every formula of a version against the flow's environments and
// returns all that is wrong. A field that the flow does not have is wrong; one
// that the version lacks has the formula it was shipped with.
func compile(d Definition, v Version) (Rules, []Wrong) {
	rules, wrong := Rules{VersionID: v.ID}, []Wrong{}
	given := map[[2]string]string{}
	for _, f := range v.Fields {
		given[[2]string{f.List, f.Name}] = f.Formula
	}
	for _, f := range d.Fields {
		if text, ok := given[[2]string{f.List, f.Name}]; ok {
			f.Formula = text
			delete(given, [2]string{f.List, f.Name})
		}
		formula, err := expression.Compile(f.Formula, d.Environments[f.List], f.Type)
		if err != nil {
			wrong = append(wrong, Wrong{f.List, f.Name, false, err})
			continue
		}
		rules.fields = append(rules.fields, field{f, formula})
	}
	for at := range given {
		wrong = append(wrong, Wrong{at[0], at[1], false, &expression.Error{Message: "There is no such field."}})
	}
	for _, c := range v.Checks {
		formula, err := expression.Compile(c.Formula, d.Environments[c.List], expression.Flag)
		if err != nil {
			wrong = append(wrong, Wrong{c.List, c.Name, true, err})
			continue
		}
		rules.checks = append(rules.checks, check{c, formula})
	}
	return rules, wrong
}

// Failed is a field or check that did not come out for a record.
type Failed struct {
	Name     string // of the field or check
	Check    bool
	Severity string
	Element  int // of the list, counted from 1; 0: the record itself
	Message  string
}

func (f Failed) String() string {
	if f.Element > 0 {
		return fmt.Sprintf("%s, line %d: %s", f.Name, f.Element, f.Message)
	}
	return f.Name + ": " + f.Message
}

// Apply maps a record and runs its checks; every failure is told, not the
// first alone.
func (r Rules) Apply(s Source) (Mapped, []Failed) {
	m := Mapped{Header: map[string]any{}, Lists: map[string][]map[string]any{}}
	for list, elements := range s.Lists {
		m.Lists[list] = make([]map[string]any, len(elements))
		for i := range elements {
			m.Lists[list][i] = map[string]any{}
		}
	}
	var failed []Failed
	for _, f := range r.fields {
		each(s, f.List, func(n int, environment any) {
			value, err := f.formula.Eval(environment)
			if err != nil {
				failed = append(failed, Failed{Name: f.Name, Severity: Stops, Element: n, Message: err.Error()})
				return
			}
			if n == 0 {
				m.Header[f.Name] = value
				return
			}
			m.Lists[f.List][n-1][f.Name] = value
		})
	}
	for _, c := range r.checks {
		each(s, c.List, func(n int, environment any) {
			value, err := c.formula.Eval(environment)
			if err != nil {
				failed = append(failed, Failed{c.Name, true, Stops, n, err.Error()})
			} else if value != true {
				failed = append(failed, Failed{c.Name, true, c.Severity, n, c.Message})
			}
		})
	}
	return m, failed
}

// flag evaluates one field of the record that is a Flag.
func (r Rules) flag(name string, s Source) (bool, error) {
	for _, f := range r.fields {
		if f.List != "" || f.Name != name {
			continue
		}
		value, err := f.formula.Eval(s.Header)
		if err != nil {
			return false, fault.Wrap(err, fault.Invalid, "The formula of %s does not come out: %v", name, err)
		}
		return value == true, nil
	}
	return false, fmt.Errorf("there is no field %q", name)
}

// each calls run for the record itself, or for each element of a list.
func each(s Source, list string, run func(n int, environment any)) {
	if list == "" {
		run(0, s.Header)
		return
	}
	for i, element := range s.Lists[list] {
		run(i+1, element)
	}
}

// Text returns a field of the record; "" when it has none.
func (m Mapped) Text(name string) string { return value[string](m.Header, name) }

// Number returns a number of the record; zero when it has none.
func (m Mapped) Number(name string) decimal.Decimal { return value[decimal.Decimal](m.Header, name) }

// Element is one element of a mapped list.
type Element map[string]any

// Elements returns a list's elements.
func (m Mapped) Elements(list string) []Element {
	elements := make([]Element, len(m.Lists[list]))
	for i, e := range m.Lists[list] {
		elements[i] = e
	}
	return elements
}

// Text returns a field of the element; "" when it has none.
func (e Element) Text(name string) string { return value[string](e, name) }

// Number returns a number of the element; zero when it has none.
func (e Element) Number(name string) decimal.Decimal { return value[decimal.Decimal](e, name) }

// Integer returns a whole number of the element; zero when it has none.
func (e Element) Integer(name string) int { return value[int](e, name) }

func value[T any](from map[string]any, name string) T {
	v, _ := from[name].(T)
	return v
}
