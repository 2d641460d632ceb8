package bank

import (
	"slices"
	"strings"
)

// Suggestion is how a CSV file seems to be written.
type Suggestion struct {
	Mapping Mapping
	Rows    [][]string // the first lines, the header among them
	Doubts  []string   // what a person should look at
}

// sniffed is how many records a suggestion looks at.
const sniffed = 60

// Sniff suggests a mapping for a CSV file. It never decides alone: a person
// sees the suggestion beside the first lines.
func Sniff(data []byte) Suggestion {
	if len(data) > 256<<10 {
		data = data[:256<<10]
	}
	text := decode(data, "")
	s := Suggestion{Mapping: Mapping{Delimiter: delimiterOf(text)}}
	list := rows(text, s.Mapping.Delimiter)
	list = list[:min(sniffed, len(list))]
	at, header := headerOf(list)
	s.Mapping.Skip, s.Mapping.Header = at, header
	body := list[min(at, len(list)):]
	if header {
		s.Mapping.Head = body[0].fields
		body = body[1:]
	}
	for _, r := range list[min(at, len(list)):] {
		if s.Rows = append(s.Rows, r.fields); len(s.Rows) == 12 {
			break
		}
	}
	s.columns(body)
	s.shape(body)
	return s
}

// Rows returns the first records of a CSV file as a mapping cuts them.
func Rows(data []byte, m Mapping, n int) [][]string {
	if len(data) > 256<<10 {
		data = data[:256<<10]
	}
	list := rows(decode(data, m.Charset), m.Delimiter)
	list = list[min(max(m.Skip, 0), len(list)):]
	var out [][]string
	for _, r := range list[:min(n, len(list))] {
		out = append(out, r.fields)
	}
	return out
}

// delimiterOf takes the character that cuts the most lines into the same number
// of columns.
func delimiterOf(text string) string {
	best, most := ",", 0
	for _, d := range []string{";", "\t", "|", ","} {
		counts := map[int]int{}
		list := rows(text[:min(len(text), 64<<10)], d)
		for _, r := range list[:min(sniffed, len(list))] {
			if len(r.fields) > 1 {
				counts[len(r.fields)]++
			}
		}
		for columns, lines := range counts {
			if score := lines * min(columns, 8); score > most {
				best, most = d, score
			}
		}
	}
	return best
}

// words are what headers call a column, in the languages of Amazon's markets.
var words = []struct {
	column string
	names  []string
}{
	{"value", []string{"value date", "valuta", "wertstellung", "valutadatum", "date de valeur", "fecha valor", "data valuta", "effective date"}},
	{"booked", []string{"booking date", "posting date", "posted date", "post date", "transaction date", "buchungstag", "buchungsdatum", "date d'opération", "date operation", "fecha operación", "fecha", "data contabile", "boekdatum", "posted", "date", "datum", "data"}},
	{"balance", []string{"balance", "saldo", "solde", "kontostand", "running bal"}},
	{"debit", []string{"debit", "withdrawal", "paid out", "money out", "soll", "débit", "cargo", "addebito", "addebiti", "af"}},
	{"credit", []string{"credit", "deposit", "paid in", "money in", "haben", "crédit", "abono", "accredito", "accrediti", "bij"}},
	{"direction", []string{"dr/cr", "cr/dr", "debit/credit", "credit/debit", "soll/haben", "s/h", "type of movement", "af bij"}},
	{"amount", []string{"amount", "betrag", "umsatz", "montant", "importe", "importo", "bedrag"}},
	{"currency", []string{"currency", "währung", "waehrung", "devise", "divisa", "valuta code", "ccy"}},
	{"account", []string{"account number", "account no", "account", "auftragskonto", "iban auftragskonto", "konto", "compte", "cuenta"}},
	{"id", []string{"transaction id", "transaction no", "bank id", "fitid", "unique id"}},
	{"reference", []string{"reference", "trace", "end-to-end", "end to end", "kundenreferenz", "mandatsreferenz", "check number", "cheque", "référence", "referencia", "riferimento", "ref"}},
	{"description", []string{"description", "details", "memo", "narrative", "payee", "name", "verwendungszweck", "buchungstext", "beguenstigter", "begünstigter", "auftraggeber", "libellé", "concepto", "descrizione", "omschrijving", "naam", "purpose", "text", "type"}},
}

// called returns what a header's name means; empty: nothing known.
func called(name string) string {
	name = strings.ToLower(squeeze(name))
	for exact := range 2 {
		for _, w := range words {
			for _, known := range w.names {
				if name == known || exact == 1 && len(known) > 2 && strings.Contains(name, known) {
					return w.column
				}
			}
		}
	}
	return ""
}

// headerOf finds the line that names columns, among what banks write above it.
func headerOf(list []row) (at int, header bool) {
	for i, r := range list[:min(30, len(list))] {
		known := map[string]bool{}
		for _, f := range r.fields {
			if c := called(f); c != "" && !strings.ContainsAny(f, "0123456789") {
				known[c] = true
			}
		}
		if (known["booked"] || known["value"]) && (known["amount"] || known["credit"] || known["debit"]) {
			return i, true
		}
	}
	for i, r := range list {
		if slices.ContainsFunc(r.fields, func(f string) bool { return len(formatsOf([]string{f})) > 0 }) {
			return i, false
		}
	}
	return 0, false
}

// columns finds what each column is by its name, and by its content where there
// is no header.
func (s *Suggestion) columns(body []row) {
	m := &s.Mapping
	set := func(at *int, n int) {
		if *at == 0 {
			*at = n
		}
	}
	for i, name := range m.Head {
		n := i + 1
		switch called(name) {
		case "booked":
			set(&m.Booked, n)
		case "value":
			set(&m.Value, n)
		case "amount":
			set(&m.Amount, n)
		case "debit":
			set(&m.Debit, n)
		case "credit":
			set(&m.Credit, n)
		case "direction":
			set(&m.Direction, n)
		case "balance":
			set(&m.Balance, n)
		case "currency":
			set(&m.Currency, n)
		case "account":
			set(&m.Account, n)
		case "id":
			set(&m.BankID, n)
		case "reference":
			m.References = append(m.References, n)
		case "description":
			m.Description = append(m.Description, n)
		}
	}
	if !m.Header {
		s.byContent(body)
	}
	if m.Booked == 0 {
		m.Booked, m.Value = m.Value, 0
	}
	s.settle()
}

// settle makes one choice where a header offers two.
func (s *Suggestion) settle() {
	m := &s.Mapping
	switch {
	case m.Amount != 0:
		m.Debit, m.Credit = 0, 0
	case m.Debit != 0 && m.Credit != 0:
		m.Direction = 0
	default:
		s.Doubts = append(s.Doubts, "Which column holds the amount is not clear.")
	}
	if m.Booked == 0 {
		s.Doubts = append(s.Doubts, "Which column holds the booking date is not clear.")
	}
	if len(m.Description) == 0 {
		s.Doubts = append(s.Doubts, "Which column describes the line is not clear.")
	}
}

func (s *Suggestion) byContent(body []row) {
	m := &s.Mapping
	if len(body) == 0 {
		return
	}
	for i := range body[0].fields {
		values := column(body, i+1)
		_, comma := decimalSign(values)
		switch {
		case len(formatsOf(values)) > 0 && m.Booked == 0:
			m.Booked = i + 1
		case len(formatsOf(values)) > 0:
			m.Value = i + 1
		case areAmounts(values, comma) && m.Amount == 0:
			m.Amount = i + 1
		case areAmounts(values, comma):
		default:
			m.Description = append(m.Description, i+1)
		}
	}
}

func column(body []row, n int) []string {
	var values []string
	for _, r := range body {
		if n >= 1 && n <= len(r.fields) {
			if v := strings.TrimSpace(r.fields[n-1]); v != "" {
				values = append(values, v)
			}
		}
	}
	return values
}

func areAmounts(values []string, comma bool) bool {
	return len(values) > 0 && !slices.ContainsFunc(values, func(v string) bool {
		_, err := parseAmount(v, comma)
		return err != nil || !strings.ContainsAny(v, "0123456789")
	})
}

// formatsOf returns the ways of writing dates that all values can be read by.
func formatsOf(values []string) []string {
	var names []string
	for _, f := range DateFormats {
		ok := len(values) > 0
		for _, v := range values {
			_, err := f.parse(v)
			ok = ok && err == nil
		}
		if ok {
			names = append(names, f.Name)
		}
	}
	return names
}

// decimalSign finds the decimal sign; sure is false when no value shows it.
func decimalSign(values []string) (sure, comma bool) {
	for _, v := range values {
		point, sign := strings.LastIndexByte(v, '.'), strings.LastIndexByte(v, ',')
		switch {
		case point >= 0 && sign >= 0:
			return true, sign > point
		case point >= 0 && tail(v, point) != 3:
			return true, false
		case sign >= 0 && tail(v, sign) != 3:
			return true, true
		}
	}
	return false, false
}

// tail is how many digits follow a sign.
func tail(v string, at int) int {
	n := 0
	for _, r := range v[at+1:] {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n
}

// shape finds how dates and amounts are written.
func (s *Suggestion) shape(body []row) {
	m := &s.Mapping
	var amounts []string
	for _, n := range []int{m.Amount, m.Debit, m.Credit, m.Balance} {
		amounts = append(amounts, column(body, n)...)
	}
	sure, comma := decimalSign(amounts)
	m.Comma = comma || !sure && m.Delimiter == ";"
	if !sure && len(amounts) > 0 {
		s.Doubts = append(s.Doubts, "No amount shows whether the decimal sign is a point or a comma.")
	}
	formats := formatsOf(column(body, m.Booked))
	switch {
	case len(formats) == 0:
		m.Dates = DateFormats[0].Name
		s.Doubts = append(s.Doubts, "The dates could not be read; choose how they are written.")
	default:
		m.Dates = formats[0]
	}
	if len(formats) > 1 {
		if m.Comma && slices.Contains(formats, "DD/MM/YYYY") {
			m.Dates = "DD/MM/YYYY"
		}
		s.Doubts = append(s.Doubts, "Dates could be "+strings.Join(formats, " or ")+"; see that day and month are right.")
	}
}
