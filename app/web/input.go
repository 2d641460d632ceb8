package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/period"
)

// input reads a query or a form with types and gathers what is wrong, by field,
// so that a person sees everything at once.
type input struct {
	values url.Values
	wrong  map[string]string
}

// query reads the address's parameters.
func (r *request) query() *input { return &input{r.QueryParams(), map[string]string{}} }

// form reads a posted form, not one with files.
func (r *request) form() (*input, error) {
	if err := r.Request().ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) || fault.Is(err, fault.Invalid) {
			return nil, err
		}
		return nil, fault.Wrap(err, fault.Invalid, "The form could not be read.")
	}
	if !allReadable(r.Request().PostForm) {
		return nil, fault.New(fault.Invalid, "The form holds bytes that are no text. Type what stands there again.")
	}
	return &input{r.Request().PostForm, map[string]string{}}, nil
}

// readable reports whether texts are texts: the database holds no others.
func readable(texts []string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool { return !utf8.ValidString(text) || strings.ContainsRune(text, 0) })
}

func allReadable(values url.Values) bool {
	for name, texts := range values {
		if !readable(texts) || !readable([]string{name}) {
			return false
		}
	}
	return true
}

// err returns a fault.Invalid that names every wrong field, nil when none is.
func (in *input) err() error {
	if len(in.wrong) == 0 {
		return nil
	}
	return fault.InvalidFields(in.wrong)
}

// refuse says what is wrong with a field; the first complaint stands.
func (in *input) refuse(name, format string, args ...any) {
	if in.wrong[name] == "" {
		in.wrong[name] = fmt.Sprintf(format, args...)
	}
}

// text returns a field without blanks around it, of at most max characters.
func (in *input) text(name string, max int) string {
	value := strings.TrimSpace(in.values.Get(name))
	switch {
	case !utf8.ValidString(value) || strings.ContainsRune(value, 0):
		in.refuse(name, "This is not readable text.")
		return ""
	case utf8.RuneCountInString(value) > max:
		in.refuse(name, "At most %d characters.", max)
		return ""
	}
	return value
}

// needed is text that may not be empty; message says what to type.
func (in *input) needed(name string, max int, message string) string {
	value := in.text(name, max)
	if value == "" {
		in.refuse(name, "%s", message)
	}
	return value
}

// choice returns one of the allowed values; the first one when nothing is sent.
func (in *input) choice(name string, allowed ...string) string {
	value := in.values.Get(name)
	if value == "" {
		return allowed[0]
	}
	if !slices.Contains(allowed, value) {
		in.refuse(name, "Choose one of: %s.", strings.Join(allowed, ", "))
		return allowed[0]
	}
	return value
}

// checked reports whether a box is ticked.
func (in *input) checked(name string) bool {
	value := in.values.Get(name)
	return value != "" && value != "false" && value != "0"
}

// number returns a whole number within bounds; 0 when nothing is sent.
func (in *input) number(name string, low, high int) int {
	text := in.text(name, 20)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		in.refuse(name, "A whole number from %d to %d.", low, high)
		return 0
	}
	return n
}

// id returns an id; 0 when nothing is sent.
func (in *input) id(name string) int64 {
	text := in.text(name, 20)
	id := parseID(text)
	if id == 0 && text != "" {
		in.refuse(name, "%q is no id.", text)
	}
	return id
}

// ids returns the ids of a repeated field, such as the selected rows.
func (in *input) ids(name string) []int64 {
	ids := make([]int64, 0, len(in.values[name]))
	for _, text := range in.values[name] {
		id := parseID(text)
		if id == 0 {
			in.refuse(name, "%q is no id.", text)
			continue
		}
		ids = append(ids, id)
	}
	return ids
}

// date returns a day, as date fields send it; the zero date when nothing is sent.
func (in *input) date(name string) period.Date {
	text := in.text(name, 20)
	if text == "" {
		return period.Date{}
	}
	day, err := period.ParseDate(text)
	if err != nil {
		in.refuse(name, "A date such as 2026-11-30.")
	}
	return day
}

// amount returns money as a person types it; not valid when nothing is sent.
func (in *input) amount(name string) decimal.NullDecimal {
	text := in.text(name, 40)
	if text == "" {
		return decimal.NullDecimal{}
	}
	value, err := money.ParsePlain(strings.ReplaceAll(text, ",", ""))
	if err == nil {
		_, err = money.UnitsFromDecimal(value) // what the database can hold
	}
	if err != nil {
		in.refuse(name, "An amount such as 1,234.50.")
		return decimal.NullDecimal{}
	}
	return decimal.NewNullDecimal(value)
}

// zone returns a time zone's name.
func (in *input) zone(name string) string {
	text := in.text(name, 64)
	if _, err := time.LoadLocation(text); err != nil || text == "" || text == "Local" {
		in.refuse(name, "Choose a time zone such as America/Chicago.")
	}
	return text
}

// key returns the parts of a paging key made by nextKey, nil when there is
// none. A page that cannot be found again begins anew.
func (in *input) key(name string, parts int) []string {
	packed, err := base64.RawURLEncoding.DecodeString(in.values.Get(name))
	if err != nil || len(packed) == 0 {
		return nil
	}
	var key []string
	if err := json.Unmarshal(packed, &key); err != nil || len(key) != parts || !readable(key) {
		return nil
	}
	return key
}

// dayKey is a key of a day and an id; false when there is none, or it is another.
func (in *input) dayKey(name string) (on period.Date, id int64, ok bool) {
	key := in.key(name, 2)
	if key == nil {
		return period.Date{}, 0, false
	}
	on, err := period.ParseDate(key[0])
	return on, parseID(key[1]), err == nil
}

// momentKey is a key of a moment and an id, see nextMoment; false when there is
// none, or it is another.
func (in *input) momentKey(name string) (at time.Time, id int64, ok bool) {
	key := in.key(name, 2)
	if key == nil {
		return time.Time{}, 0, false
	}
	at, err := time.Parse(time.RFC3339Nano, key[0])
	return at, parseID(key[1]), err == nil
}

// nextMoment is nextKey of a list by moments.
func nextMoment(at time.Time, id int64) string {
	return nextKey(at.Format(time.RFC3339Nano), strconv.FormatInt(id, 10))
}

// nextKey packs the sort values of a list's last row for the address of the
// next page.
func nextKey(parts ...string) string {
	encoded, err := json.Marshal(parts)
	if err != nil {
		return "" // strings always marshal
	}
	return base64.RawURLEncoding.EncodeToString(encoded)
}

// sortedFields returns the messages of an error's fields in a steady order.
func sortedFields(err error) []string {
	fields := fault.FieldsOf(err)
	texts := make([]string, 0, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		texts = append(texts, name+": "+fields[name])
	}
	return texts
}
