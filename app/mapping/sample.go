package mapping

import (
	"fmt"
	"strings"

	"tieout/app/fault"
)

// Sample is what a person pasted into the test box, read as one subject.
type Sample struct {
	Subject
	SKU string // empty when the text names none
}

// Places of a V2 settlement report row that decide its account.
const (
	columnTotalAmount       = 4
	columnTransactionType   = 6
	columnMarketplace       = 11
	columnAmountType        = 12
	columnAmountDescription = 13
	columnAmount            = 14
	columnFulfillment       = 15
	columnSKU               = 21
	columnsOfRow            = 15 // what a row has at least
)

// ParseSamples reads pasted text: rows of a V2 settlement report, or names
// written as "transaction type / amount type / amount description" with an
// amount behind them if the sign matters. Without one, both signs are tried.
// Errors are for people.
func ParseSamples(text string) ([]Sample, error) {
	var samples []Sample
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, "\r")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "settlement-id\t") {
			continue
		}
		read := sampleOfNames
		if strings.Count(line, "\t") >= columnsOfRow-1 {
			read = sampleOfRow
		}
		found, err := read(line)
		if err != nil {
			return nil, fault.New(fault.Invalid, "Line %d: %s.", i+1, err)
		}
		samples = append(samples, found...)
	}
	if len(samples) == 0 {
		return nil, fault.New(fault.Invalid, "Paste a row of a settlement report, or a name such as Order / ItemPrice / Principal.")
	}
	return samples, nil
}

func sampleOfRow(line string) ([]Sample, error) {
	fields := strings.Split(line, "\t")
	at := func(column int) string {
		if column < len(fields) {
			return strings.TrimSpace(fields[column])
		}
		return ""
	}
	if at(columnAmount) == "" && at(columnTotalAmount) != "" {
		return nil, fmt.Errorf("this is the summary row of a settlement; it has no account of its own")
	}
	sign, err := signOf(at(columnAmount))
	if err != nil {
		return nil, err
	}
	return []Sample{{
		Subject: Subject{
			Kind: Kind{
				Marketplace: at(columnMarketplace), TransactionType: at(columnTransactionType),
				AmountType: at(columnAmountType), AmountDescription: at(columnAmountDescription), Sign: sign,
			},
			Fulfillment: at(columnFulfillment),
		},
		SKU: at(columnSKU),
	}}, nil
}

// sampleOfNames reads "type / type / description [/ amount]"; tabs and bars
// separate as well.
func sampleOfNames(line string) ([]Sample, error) {
	separator := " / "
	for _, other := range []string{"\t", "|"} {
		if strings.Contains(line, other) {
			separator = other
		}
	}
	parts := strings.Split(line, separator)
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	if len(parts) < 3 || len(parts) > 4 {
		return nil, fmt.Errorf("expected a report row, or three names separated by \" / \"")
	}
	kind := Kind{TransactionType: parts[0], AmountType: parts[1], AmountDescription: parts[2]}
	if len(parts) == 3 {
		plus, minus := kind, kind
		plus.Sign, minus.Sign = 1, -1
		return []Sample{{Subject: Subject{Kind: plus}}, {Subject: Subject{Kind: minus}}}, nil
	}
	sign, err := signOf(parts[3])
	if err != nil {
		return nil, err
	}
	kind.Sign = sign
	return []Sample{{Subject: Subject{Kind: kind}}}, nil
}

// signOf returns the sign of an amount in whatever decimal style it is written.
// An amount that is not there is zero.
func signOf(amount string) (int, error) {
	digits := strings.ContainsAny(amount, "0123456789")
	switch {
	case amount == "+":
		return 1, nil
	case amount == "-":
		return -1, nil
	case strings.Trim(amount, "0123456789.,-+()'\u00a0\u202f ") != "" || (amount != "" && !digits):
		return 0, fmt.Errorf("%q is not an amount", amount)
	case !strings.ContainsAny(amount, "123456789"):
		return 0, nil
	case strings.ContainsAny(amount, "-("):
		return -1, nil
	}
	return 1, nil
}

// Trial is what a rule set makes of one sample.
type Trial struct {
	Sample
	Rules   []Rule // every rule that matches, in order; the first one wins
	Account string // empty: unmapped, or no account picked for the slot
}

// Mapped reports whether a rule matches.
func (t Trial) Mapped() bool { return len(t.Rules) > 0 }

// Try returns what the matcher's set makes of each sample.
func (m *Matcher) Try(samples []Sample) []Trial {
	trials := make([]Trial, len(samples))
	for i, s := range samples {
		trials[i] = Trial{Sample: s, Rules: m.Explain(s.Subject)}
		if trials[i].Mapped() {
			trials[i].Account, _ = m.set.Account(trials[i].Rules[0])
		}
	}
	return trials
}
