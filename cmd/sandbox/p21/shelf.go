package p21

// shelf keeps things by their key, in the order in which they came.
type shelf[K comparable, T any] struct {
	key  func(T) K
	list []T
	at   map[K]int
}

func newShelf[K comparable, T any](key func(T) K) *shelf[K, T] {
	return &shelf[K, T]{key: key, at: map[K]int{}}
}

// put replaces what is there under the same key and appends what is new.
func (s *shelf[K, T]) put(things ...T) {
	for _, thing := range things {
		if i, known := s.at[s.key(thing)]; known {
			s.list[i] = thing
			continue
		}
		s.at[s.key(thing)] = len(s.list)
		s.list = append(s.list, thing)
	}
}

func (s *shelf[K, T]) get(key K) (T, bool) {
	i, known := s.at[key]
	if !known {
		var none T
		return none, false
	}
	return s.list[i], true
}
