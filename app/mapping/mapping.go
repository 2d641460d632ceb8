// Package mapping decides which GL account every settlement amount goes to.
//
// Rules are an ordered list; the first one that matches wins, and an amount
// that no rule matches stays unmapped until a person decides. A published list
// of rules never changes: changing the rules means publishing another set.
package mapping

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Kind is what tells one sort of settlement amount from another. Texts stand as
// Amazon wrote them; Sign is -1, 0 or +1, the sign of the amount.
type Kind struct {
	Marketplace       string
	TransactionType   string
	AmountType        string
	AmountDescription string
	Sign              int
}

// String writes the kind for a person: "Order / ItemPrice / Principal".
func (k Kind) String() string {
	return orEmpty(k.TransactionType) + " / " + orEmpty(k.AmountType) + " / " + orEmpty(k.AmountDescription)
}

func orEmpty(s string) string {
	if s == "" {
		return "(empty)"
	}
	return s
}

// Subject is everything that a rule may look at.
type Subject struct {
	Kind
	ProductGroup string // the seller's own grouping of SKUs, empty when there is none
	Fulfillment  string // AFN, MFN or empty
}

// Rule sends the subjects it matches to an account, either its own or the one
// picked for its slot.
type Rule struct {
	ID       int64
	Lineage  int64 // the same in every set that carries this rule on
	Position int   // 1 is tried first

	Marketplace       Condition
	TransactionType   Condition
	AmountType        Condition
	AmountDescription Condition
	Sign              int    // -1 or +1; 0 matches both and zero
	ProductGroup      string // empty: any
	Fulfillment       string // empty: any

	Category      Category
	Slot          string // the account pick it uses when Account is empty
	Account       string
	Branch        string
	ByMarketplace bool // one journal line per marketplace
	Gross         bool // debits and credits on journal lines of their own
	Note          string
}

// State is where a rule set stands in its life.
type State string

const (
	Draft     State = "draft"     // may be edited
	Submitted State = "submitted" // waits for a second person
	Published State = "published" // the one in use
	Retired   State = "retired"   // was in use once; entries still name it
)

// RuleSet is one numbered list of rules with its account picks.
type RuleSet struct {
	ID           int64
	ConnectionID int64
	Number       int
	State        State
	Template     string // the shipped template it began as, empty otherwise
	Note         string
	BasedOn      int64 // the set it was copied from, 0 when none
	Extension    bool  // adds rules at the end and changes nothing else
	CreatedBy    int64 // 0: the program
	CreatedAt    time.Time
	SubmittedBy  int64
	SubmittedAt  time.Time
	PublishedBy  int64
	PublishedAt  time.Time
	Version      int // changes with every edit; forms send it back

	Rules    []Rule            // in order of position
	Accounts map[string]string // slot -> account
}

// Account returns the GL account that the rule sends amounts to, false when
// nobody has picked one for its slot. Amounts of zero need none.
func (s *RuleSet) Account(r Rule) (string, bool) {
	if r.Account != "" {
		return r.Account, true
	}
	account := s.Accounts[r.Slot]
	if account == "" {
		account = s.Accounts[regionOf(s.Template).says(r.Slot).into]
	}
	return account, account != ""
}

// Slots returns the slots that the rules use, in the order of the pick list and
// in the words of the set's region; each is like another one that they use.
// Clearing and rounding are always among them: every entry needs the one and
// may need the other. So are exchange gains and losses, which may stay empty.
func (s *RuleSet) Slots() []Slot {
	region := regionOf(s.Template)
	used := map[string]bool{SlotClearing: true, SlotRounding: true, SlotFXGain: true, SlotFXLoss: true}
	for _, r := range s.Rules {
		if r.Account == "" && r.Slot != SlotNone {
			used[cmp.Or(region.says(r.Slot).into, r.Slot)] = true
		}
	}
	like, own := map[string]string{}, maps.Clone(used)
	for _, known := range region.Slots() {
		like[known.Name] = known.Like
	}
	var slots []Slot
	for _, known := range region.Slots() {
		if !used[known.Name] {
			continue
		}
		for known.Like != "" && !used[known.Like] {
			known.Like = like[known.Like]
		}
		slots = append(slots, known)
		delete(own, known.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		slots = append(slots, SlotOf(name))
	}
	return slots
}

// Slot returns the slot called name in the words of the set's region; one that
// somebody made up names itself.
func (s *RuleSet) Slot(name string) Slot {
	for _, slot := range regionOf(s.Template).Slots() {
		if slot.Name == name {
			return slot
		}
	}
	return SlotOf(name)
}

// Missing returns the slots that are used and have no account yet.
func (s *RuleSet) Missing() []Slot {
	return slices.DeleteFunc(s.Slots(), func(slot Slot) bool { return s.Accounts[slot.Name] != "" || slot.Optional() })
}
