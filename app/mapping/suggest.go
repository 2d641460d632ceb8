package mapping

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
)

// Suggestion is a target for an unmapped kind with the reason for it.
type Suggestion struct {
	Category Category
	Slot     string
	Account  string  // what the rule set says for it, empty when nothing is picked
	Score    float64 // 0..1, how alike the evidence is; only for ranking
	Reason   string
}

// How much each sort of likeness counts.
const (
	scoreSameKind        = 0.95
	scoreTemplate        = 0.9
	scoreSameDescription = 0.8
	scoreWords           = 0.7
	scorePrefix          = 0.6
	scoreSameTypes       = 0.4
	scoreFloor           = 0.12 // below it a suggestion is noise

	prefixLength = 8 // shorter common beginnings say nothing
)

// example is something whose target is known: a mapped kind, or the names that
// a rule of the set spells out.
type example struct {
	kind      Kind
	rule      Rule
	types     string // keys of transaction and amount type
	desc      string // key, empty when it says nothing
	words     []string
	seen      bool // a kind that really occurred
	typesOnly bool // a rule that takes any description
}

// Suggest ranks targets for a kind that no rule matches, by its likeness to
// kinds that are mapped and to the names in the rules. The best comes first;
// nothing alike gives nothing.
func Suggest(kind Kind, m *Matcher, template *Matcher, kinds []Kind) []Suggestion {
	examples := m.examples(kinds)
	s := scorer{kind: kind, set: &m.set, best: map[suggestionKey]Suggestion{}}
	if template != nil {
		if rule, ok := template.Match(Subject{Kind: kind}); ok {
			s.offer(rule, scoreTemplate, "The shipped template maps it here.")
		}
	}
	s.byName(examples)
	s.byWords(examples)
	s.byTypes(examples)
	ranked := make([]Suggestion, 0, len(s.best))
	for _, suggestion := range s.best {
		ranked = append(ranked, suggestion)
	}
	slices.SortFunc(ranked, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Category.Order(), b.Category.Order()),
			cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.Account, b.Account))
	})
	return ranked
}

func (m *Matcher) examples(kinds []Kind) []example {
	var examples []example
	for _, k := range kinds {
		if rule, ok := m.Match(Subject{Kind: k}); ok && rule.Slot != SlotNone {
			e := newExample(k, rule)
			e.seen = true
			examples = append(examples, e)
		}
	}
	for _, rule := range m.set.Rules {
		if rule.Slot == SlotNone {
			continue
		}
		k := Kind{TransactionType: rule.TransactionType.Text, AmountType: rule.AmountType.Text, AmountDescription: rule.AmountDescription.Text, Sign: rule.Sign}
		e := newExample(k, rule)
		e.typesOnly = rule.AmountDescription.Match == Any
		examples = append(examples, e)
	}
	return examples
}

func newExample(k Kind, rule Rule) example {
	return example{kind: k, rule: rule, types: typesKey(k), desc: tellingKey(k), words: wordsOf(k.AmountType, k.AmountDescription)}
}

func typesKey(k Kind) string { return Key(k.TransactionType) + "\x00" + Key(k.AmountType) }

// tellingKey returns the key of the description unless it says nothing: fees
// that are named in the amount type carry only these.
func tellingKey(k Kind) string {
	switch key := Key(k.AmountDescription); key {
	case "basefee", "basecharge", "discountonfee", "transactiontotalamount":
		return ""
	default:
		return key
	}
}

type suggestionKey struct {
	category      Category
	slot, account string
}

type scorer struct {
	kind Kind
	set  *RuleSet
	best map[suggestionKey]Suggestion
}

// offer keeps the suggestion if it is the best of its target so far.
func (s *scorer) offer(rule Rule, score float64, reason string) {
	account, _ := s.set.Account(rule)
	key := suggestionKey{rule.Category, rule.Slot, account}
	if rule.Sign != 0 && rule.Sign == -s.kind.Sign {
		score /= 2 // the rule is for the opposite sign
	}
	score = math.Round(score*100) / 100
	if score < scoreFloor || score <= s.best[key].Score {
		return
	}
	s.best[key] = Suggestion{rule.Category, rule.Slot, account, score, reason}
}

// byName compares whole names and their beginnings. A description that goes to
// several targets ("Base fee") says little, so its score is shared.
func (s *scorer) byName(examples []example) {
	types, desc := typesKey(s.kind), tellingKey(s.kind)
	targets := map[suggestionKey]bool{}
	for _, e := range examples {
		if desc != "" && e.desc == desc {
			targets[suggestionKey{e.rule.Category, e.rule.Slot, e.rule.Account}] = true
		}
	}
	for _, e := range examples {
		switch {
		case e.seen && e.types == types && Key(e.kind.AmountDescription) == Key(s.kind.AmountDescription):
			where := "with the opposite sign"
			if e.kind.Marketplace != s.kind.Marketplace {
				where = "in " + orEmpty(e.kind.Marketplace)
			}
			s.offer(e.rule, scoreSameKind, fmt.Sprintf("The same name %s goes to %s.", where, e.rule.Category.Title()))
		case desc != "" && e.desc == desc:
			s.offer(e.rule, scoreSameDescription/float64(len(targets)), fmt.Sprintf("Same description as %s.", e.kind))
		default:
			if n := commonPrefix(desc, e.desc); n >= prefixLength {
				share := float64(n) / float64(max(len(desc), len(e.desc)))
				s.offer(e.rule, scorePrefix*share*share, fmt.Sprintf("Begins like %s.", e.kind))
			}
		}
	}
}

// byWords compares the words of the names; rare words count more.
func (s *scorer) byWords(examples []example) {
	all, ofTypes := wordsOf(s.kind.AmountType, s.kind.AmountDescription), wordsOf(s.kind.AmountType)
	frequency := map[string]int{}
	for _, e := range examples {
		for _, word := range e.words {
			frequency[word]++
		}
	}
	weight := func(word string) float64 {
		return math.Log(1 + float64(len(examples))/float64(1+frequency[word]))
	}
	for _, e := range examples {
		own := all
		if e.typesOnly {
			own = ofTypes
		}
		common, shared, union := likeness(own, e.words, weight)
		if len(common) == 0 {
			continue
		}
		slices.SortStableFunc(common, func(a, b string) int { return cmp.Compare(weight(b), weight(a)) })
		s.offer(e.rule, scoreWords*shared/union,
			fmt.Sprintf("Shares %s with %s.", strings.Join(common[:min(3, len(common))], ", "), e.kind))
	}
}

// likeness returns the words that two sorted lists share, their weight, and the
// weight of all words of both.
func likeness(a, b []string, weight func(string) float64) (common []string, shared, union float64) {
	for _, word := range a {
		union += weight(word)
		if _, found := slices.BinarySearch(b, word); found {
			shared += weight(word)
			common = append(common, word)
		}
	}
	for _, word := range b {
		if _, found := slices.BinarySearch(a, word); !found {
			union += weight(word)
		}
	}
	return common, shared, union
}

// byTypes looks at where most amounts of the same two types go.
func (s *scorer) byTypes(examples []example) {
	types := typesKey(s.kind)
	counts := map[suggestionKey]int{}
	rules := map[suggestionKey]Rule{}
	total := 0
	for _, e := range examples {
		if e.types != types {
			continue
		}
		account, _ := s.set.Account(e.rule)
		key := suggestionKey{e.rule.Category, e.rule.Slot, account}
		counts[key]++
		rules[key] = e.rule
		total++
	}
	for key, n := range counts {
		s.offer(rules[key], scoreSameTypes*float64(n)/float64(total),
			fmt.Sprintf("%d of %d names under %s / %s go here.", n, total, orEmpty(s.kind.TransactionType), orEmpty(s.kind.AmountType)))
	}
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// wordsOf splits names into lower-case words, sorted, also where
// Amazon writes them together: FBAInboundTransportationFee.
func wordsOf(texts ...string) []string {
	var words []string
	for _, text := range texts {
		runes := []rune(text)
		start := 0
		flush := func(end int) {
			word := strings.ToLower(string(runes[start:end]))
			if len(word) > 1 && word != "other" && word != "transaction" { // Amazon's words for nothing in particular
				words = append(words, word)
			}
			start = end
		}
		for i, r := range runes {
			switch {
			case !unicode.IsLetter(r) && !unicode.IsDigit(r):
				flush(i)
				start = i + 1
			case i > start && unicode.IsUpper(r) && (unicode.IsLower(runes[i-1]) || (i+1 < len(runes) && unicode.IsLower(runes[i+1]))):
				flush(i)
			}
		}
		flush(len(runes))
	}
	slices.Sort(words)
	return slices.Compact(words)
}
