package amazon

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const rateHeader = "x-amzn-RateLimit-Limit"

// operation is one operation of a model with its default usage plan: calls per
// second and calls at once.
type operation struct {
	name        string
	rate, burst float64
}

var (
	getReports                   = operation{"getReports", 0.0222, 10}
	getReport                    = operation{"getReport", 2, 15}
	createReport                 = operation{"createReport", 0.0167, 15}
	getReportDocument            = operation{"getReportDocument", 0.0167, 15}
	getMarketplaceParticipations = operation{"getMarketplaceParticipations", 0.016, 15}
	createRestrictedDataToken    = operation{"createRestrictedDataToken", 1, 10}
	searchOrders                 = operation{"searchOrders", 0.0056, 20}
	getOrder                     = operation{"getOrder", 0.5, 30}
	getOrders                    = operation{"getOrders", 0.0167, 20}
	getOrderV0                   = operation{"getOrderV0", 0.5, 30}
	getOrderItems                = operation{"getOrderItems", 0.5, 30}
	getOrderAddress              = operation{"getOrderAddress", 0.5, 30}
	getOrderBuyerInfo            = operation{"getOrderBuyerInfo", 0.5, 30}
	confirmShipment              = operation{"confirmShipment", 2, 10}
)

// Usage is what became of an operation's calls, over all sellers.
type Usage struct {
	Operation string
	Calls     int     // all of them
	Refused   int     // with 429, no others
	Peak      float64 // the most of a bucket that was in use at a call; beyond Burst when it was refused
	Burst     float64 // what is allowed
	Rate      float64 // calls per second that are allowed, scaled
}

type bucketKey struct{ whose, operation string }

type bucket struct {
	tokens float64
	at     time.Time
}

// limited wraps an operation in what comes before it: the token, the bucket and
// the header that states the rate.
func (s *Server) limited(op operation, next func(http.ResponseWriter, *http.Request, *account)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a, ok := s.whose(w, r)
		if !ok {
			return
		}
		if !s.take(a, op) {
			writeErrors(w, http.StatusTooManyRequests, "QuotaExceeded", "You exceeded your quota for the requested resource.", "")
			return
		}
		w.Header().Set(rateHeader, strconv.FormatFloat(op.rate*s.cfg.RateScale, 'f', -1, 64))
		next(w, r, a)
	}
}

// take reports whether the seller's bucket allows the call.
func (s *Server) take(a *account, op operation) bool {
	return s.takeOf(a.seller().Key, op)
}

// takeOf is take for whoever has a bucket: a seller or an application.
func (s *Server) takeOf(whose string, op operation) bool {
	now, rate := s.cfg.Clock(), op.rate*s.cfg.RateScale
	s.mu.Lock()
	defer s.mu.Unlock()
	key := bucketKey{whose, op.name}
	b := s.buckets[key]
	if b == nil {
		b = &bucket{tokens: op.burst, at: now}
		s.buckets[key] = b
	}
	b.tokens = math.Min(op.burst, b.tokens+rate*math.Max(0, now.Sub(b.at).Seconds()))
	b.at = now
	u := s.usage[op.name]
	if u == nil {
		u = &Usage{Operation: op.name, Burst: op.burst, Rate: rate}
		s.usage[op.name] = u
	}
	u.Calls++
	u.Peak = math.Max(u.Peak, op.burst-b.tokens+1)
	if b.tokens < 1 {
		u.Refused++
		return false
	}
	b.tokens--
	return true
}

// Usage returns what became of the calls so far, by operation; operations that
// nobody called are not among them.
func (s *Server) Usage() []Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Usage, 0, len(s.usage))
	for _, u := range s.usage {
		list = append(list, *u)
	}
	slices.SortFunc(list, func(a, b Usage) int { return cmp.Compare(a.Operation, b.Operation) })
	return list
}
