// Package misbehave makes stand-in servers fail on purpose: rate limits, server
// errors, lost answers, broken and slow bodies, expired tokens.
//
// A Plan holds rules; each stand-in wraps its handler with Plan.Wrap. Tests add
// rules in Go, people and other processes over HTTP, because a Plan is also the
// handler of /control/faults:
//
//	GET    /control/faults         the rules with how often each matched and struck
//	POST   /control/faults         add a rule, e.g. {"side":"p21","operation":"journals.post","kind":"reset_after","count":1}
//	DELETE /control/faults?id=3    remove a rule; without id all of them
//
// The first rule that strikes decides. With the same seed and the same order of
// requests the same requests fail.
package misbehave

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
)

// Plan is a list of rules; safe for concurrent use. A nil Plan never strikes.
type Plan struct {
	mu     sync.Mutex
	rules  []Rule
	nextID int
	chance *rand.Rand
}

// New returns a plan without rules; seed decides what probabilities come to.
func New(seed uint64) *Plan {
	return &Plan{nextID: 1, chance: rand.New(rand.NewPCG(seed, seed))}
}

// Add appends a rule and returns its id, or an error that says what is wrong
// with the rule.
func (p *Plan) Add(rule Rule) (int, error) {
	if err := rule.validate(); err != nil {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	rule.ID, rule.Matched, rule.Struck = p.nextID, 0, 0
	p.nextID++
	p.rules = append(p.rules, rule)
	return rule.ID, nil
}

// Remove takes the rule with this id out; false when there is none.
func (p *Plan) Remove(id int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := len(p.rules)
	p.rules = slices.DeleteFunc(p.rules, func(r Rule) bool { return r.ID == id })
	return len(p.rules) < before
}

// Clear takes all rules out.
func (p *Plan) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = nil
}

// Rules returns the rules with their counts.
func (p *Plan) Rules() []Rule {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.rules)
}

// strike returns the rule that decides about the request, false when none does.
func (p *Plan) strike(side, operation string, request *http.Request) (Rule, bool) {
	if p == nil {
		return Rule{}, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.rules {
		r := &p.rules[i]
		if !r.matches(side, operation, request) {
			continue
		}
		r.Matched++
		if r.Matched <= r.Skip || (r.Count > 0 && r.Struck >= r.Count) {
			continue
		}
		if r.Probability > 0 && p.chance.Float64() >= r.Probability {
			continue
		}
		r.Struck++
		return *r, true
	}
	return Rule{}, false
}
