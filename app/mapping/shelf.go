package mapping

import (
	"maps"
	"slices"
	"sync"
)

// shelf keeps the set in use of each connection, because a published set never
// changes: which one is in use is asked every time. Safe for concurrent use.
type shelf struct {
	lock sync.Mutex
	sets map[int64]*RuleSet // by connection
}

// get returns a copy of the connection's set when it is the one with that id.
func (s *shelf) get(connectionID, id int64) *RuleSet {
	s.lock.Lock()
	defer s.lock.Unlock()
	if set := s.sets[connectionID]; set != nil && set.ID == id {
		return set.copied()
	}
	return nil
}

func (s *shelf) put(connectionID int64, set *RuleSet) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.sets[connectionID] = set.copied()
}

// copied returns a set that its reader may change.
func (s *RuleSet) copied() *RuleSet {
	c := *s
	c.Rules, c.Accounts = slices.Clone(s.Rules), maps.Clone(s.Accounts)
	return &c
}
