package mapping

// Matcher answers which rule of one set a subject falls to. It is safe for
// concurrent use.
type Matcher struct {
	set   RuleSet
	rules []compiledRule
	index map[indexKey]*bucket
}

// indexKey names the rules that ask for one transaction type and one amount
// type; free says that they do not ask for exactly one.
type indexKey struct {
	transactionType, amountType         string
	freeTransactionType, freeAmountType bool
}

// bucket holds rule numbers in order: those that ask for exactly one
// description by its key, and the rest.
type bucket struct {
	exact map[string][]int32
	rest  []int32
}

func (b *bucket) add(number int32, description compiled) {
	if description.match == Is {
		b.exact[description.key] = append(b.exact[description.key], number)
		return
	}
	b.rest = append(b.rest, number)
}

type compiledRule struct {
	marketplace, transactionType, amountType, amountDescription compiled

	sign         int
	productGroup string // key
	fulfillment  string
	memo         bool
}

// subjectKeys is a subject in the form that rules are compared with.
type subjectKeys struct {
	marketplace, transactionType, amountType, amountDescription string

	sign                      int
	productGroup, fulfillment string
}

// Compile prepares a set for matching. Its rules must be in order of position.
func Compile(set RuleSet) *Matcher {
	m := &Matcher{set: set, rules: make([]compiledRule, len(set.Rules)), index: map[indexKey]*bucket{}}
	for i, r := range set.Rules {
		c := compileRule(r)
		m.rules[i] = c
		at := indexKey{freeTransactionType: c.transactionType.match != Is, freeAmountType: c.amountType.match != Is}
		if !at.freeTransactionType {
			at.transactionType = c.transactionType.key
		}
		if !at.freeAmountType {
			at.amountType = c.amountType.key
		}
		if m.index[at] == nil {
			m.index[at] = &bucket{exact: map[string][]int32{}}
		}
		m.index[at].add(int32(i), c.amountDescription)
	}
	return m
}

func compileRule(r Rule) compiledRule {
	return compiledRule{
		marketplace:       compiled{r.Marketplace.Match, Key(r.Marketplace.Text)},
		transactionType:   compiled{r.TransactionType.Match, Key(r.TransactionType.Text)},
		amountType:        compiled{r.AmountType.Match, Key(r.AmountType.Text)},
		amountDescription: compiled{r.AmountDescription.Match, Key(r.AmountDescription.Text)},
		sign:              r.Sign,
		productGroup:      Key(r.ProductGroup),
		fulfillment:       r.Fulfillment,
		memo:              r.Account == "" && r.Slot == SlotNone,
	}
}

// RuleSet returns the set that the matcher was compiled from, for reading.
func (m *Matcher) RuleSet() *RuleSet { return &m.set }

// Match returns the first rule that matches, false when none does: such an
// amount is unmapped and nobody guesses.
func (m *Matcher) Match(s Subject) (Rule, bool) {
	if i, ok := m.first(s); ok {
		return m.set.Rules[i], true
	}
	return Rule{}, false
}

// Explain returns every rule that would match, in order: the first one wins,
// the others are shadowed by it.
func (m *Matcher) Explain(s Subject) []Rule {
	var rules []Rule
	m.each(s, func(i int) bool {
		rules = append(rules, m.set.Rules[i])
		return true
	})
	return rules
}

func (m *Matcher) first(s Subject) (number int, ok bool) {
	m.each(s, func(i int) bool {
		number, ok = i, true
		return false
	})
	return number, ok
}

// each calls yield for every matching rule in order until yield says stop.
func (m *Matcher) each(s Subject, yield func(int) bool) {
	k := subjectKeys{
		marketplace:       Key(s.Marketplace),
		transactionType:   Key(s.TransactionType),
		amountType:        Key(s.AmountType),
		amountDescription: Key(s.AmountDescription),
		sign:              s.Sign,
		productGroup:      Key(s.ProductGroup),
		fulfillment:       s.Fulfillment,
	}
	var lists [8][]int32
	n := 0
	for _, at := range [4]indexKey{
		{transactionType: k.transactionType, amountType: k.amountType},
		{transactionType: k.transactionType, freeAmountType: true},
		{freeTransactionType: true, amountType: k.amountType},
		{freeTransactionType: true, freeAmountType: true},
	} {
		if b := m.index[at]; b != nil {
			lists[n], lists[n+1] = b.exact[k.amountDescription], b.rest
			n += 2
		}
	}
	for {
		next := -1
		for i, list := range lists[:n] {
			if len(list) > 0 && (next < 0 || list[0] < lists[next][0]) {
				next = i
			}
		}
		if next < 0 {
			return
		}
		number := int(lists[next][0])
		lists[next] = lists[next][1:]
		if m.rules[number].matches(k) && !yield(number) {
			return
		}
	}
}

// matches is the whole meaning of a rule. A memo rule takes only amounts of
// zero: no money disappears into it.
func (r *compiledRule) matches(k subjectKeys) bool {
	return (r.sign == 0 || r.sign == k.sign) &&
		(!r.memo || k.sign == 0) &&
		r.transactionType.meets(k.transactionType) &&
		r.amountType.meets(k.amountType) &&
		r.amountDescription.meets(k.amountDescription) &&
		r.marketplace.meets(k.marketplace) &&
		(r.productGroup == "" || r.productGroup == k.productGroup) &&
		(r.fulfillment == "" || r.fulfillment == k.fulfillment)
}

// covers reports whether r matches everything that other matches.
func (r *compiledRule) covers(other *compiledRule) bool {
	return (r.sign == 0 || r.sign == other.sign) &&
		(!r.memo || other.memo) &&
		r.transactionType.covers(other.transactionType) &&
		r.amountType.covers(other.amountType) &&
		r.amountDescription.covers(other.amountDescription) &&
		r.marketplace.covers(other.marketplace) &&
		(r.productGroup == "" || r.productGroup == other.productGroup) &&
		(r.fulfillment == "" || r.fulfillment == other.fulfillment)
}
