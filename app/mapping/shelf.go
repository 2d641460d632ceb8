package mapping

import (
	"maps"
	"slices"
	"sync"
)

// shelf keeps the set in use of each connection, compiled, because a published
// set never changes: which one is in use is asked every time. Safe for concurrent
// use.
type shelf struct {
	lock sync.Mutex
	sets map[int64]*Matcher // by connection
}

// get returns the connection's set when it is the one with that id.
func (s *shelf) get(connectionID, id int64) *Matcher {
	s.lock.Lock()
	defer s.lock.Unlock()
	if m := s.sets[connectionID]; m != nil && m.set.ID == id {
		return m
	}
	return nil
}

func (s *shelf) put(connectionID int64, m *Matcher) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.sets[connectionID] = m
}

// copied returns a set that its reader may change.
func (s *RuleSet) copied() *RuleSet {
	c := *s
	c.Rules, c.Accounts = slices.Clone(s.Rules), maps.Clone(s.Accounts)
	return &c
}
