package web

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"tieout/app/fault"
	"tieout/views"
)

// Limits keep one person, and one address, from taking the program away from
// everybody else. They count in this process; zero is no limit.
type Limits struct {
	Person   float64       // requests per second of one person
	Stranger float64       // requests per second, from one address, of people who are not signed in
	SignIn   float64       // sign-ins per minute from one address
	Heavy    int           // exports and searches that one person runs at once
	Patience time.Duration // how long one more of those waits for its turn
	Body     time.Duration // how long is waited for a request's body, besides a second for every 8 KiB of it
}

// reserve is how long a limit may be exceeded tenfold: nobody clicks evenly, and
// a page may ask for several others.
const reserve = 10 * time.Second

// limiter is the state of Limits.
type limiter struct {
	people, strangers, signIns *buckets
	heavy                      *turns
}

func newLimiter(l Limits) *limiter {
	return &limiter{
		people: newBuckets(l.Person, l.Person*reserve.Seconds()), strangers: newBuckets(l.Stranger, l.Stranger*reserve.Seconds()),
		// Each sign-in is two requests, to begin and to end it. A whole office begins
		// its day behind one address: a minute's worth may come at once.
		signIns: newBuckets(2*l.SignIn/60, 2*l.SignIn), heavy: &turns{most: l.Heavy, patience: l.Patience, of: map[int64]*turn{}},
	}
}

// tooMany is the cause of an answer to somebody who asks too often.
type tooMany struct{ wait time.Duration }

func (e *tooMany) Error() string { return "asked too often: wait " + e.wait.String() }

// seconds is how long to wait, at least one.
func (e *tooMany) seconds() int { return max(1, int(math.Ceil(e.wait.Seconds()))) }

// pace refuses whoever asks more often than people do.
func (s *server) pace(r *request, route Route) error {
	var wait time.Duration
	who := "you"
	switch {
	case route.Needs == machine:
	case route.Path == startPath || route.Path == callbackPath:
		who, wait = "your network", s.limiter.signIns.take(network(s.addressOf(r.Request())), time.Now())
	case r.visit.person == nil:
		who, wait = "your network", s.limiter.strangers.take(network(s.addressOf(r.Request())), time.Now())
	default:
		wait = s.limiter.people.take(strconv.FormatInt(r.person.ID, 10), time.Now())
	}
	if wait == 0 {
		return nil
	}
	e := &tooMany{wait}
	return fault.Wrap(e, fault.Unavailable, "More requests came from %s than people make. Wait %s, then try again.", who, views.Counted(e.seconds(), "second", "seconds"))
}

// inTurn runs a handler that takes much of the machine once one of the person's
// turns is free.
func (s *server) inTurn(r *request, handle handler) error {
	release, err := s.limiter.heavy.take(r.ctx(), r.person.ID)
	if err != nil {
		return err
	}
	defer release()
	return handle(r)
}

// heavy reports whether a route searches everything or makes a file.
func (r Route) heavy() bool {
	switch r.Path {
	case "/search", "/products/items/search", "/rules/backtest":
		return true
	}
	return r.Method == GET && slices.Contains([]string{".xlsx", ".csv", ".zip"}, path.Ext(r.Path))
}

// buckets hold a rate for each of many names.
type buckets struct {
	rate  rate.Limit
	burst int

	mu    sync.Mutex
	of    map[string]*rate.Limiter
	swept time.Time
}

func newBuckets(perSecond, burst float64) *buckets {
	return &buckets{rate: rate.Limit(perSecond), burst: max(1, int(math.Ceil(burst))), of: map[string]*rate.Limiter{}}
}

// take returns how long the name has to wait; 0: it may go on.
func (b *buckets) take(name string, now time.Time) time.Duration {
	if b.rate == 0 {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sweep(now)
	bucket := b.of[name]
	if bucket == nil {
		bucket = rate.NewLimiter(b.rate, b.burst)
		b.of[name] = bucket
	}
	if bucket.AllowN(now, 1) {
		return 0
	}
	return time.Duration((1 - bucket.TokensAt(now)) / float64(b.rate) * float64(time.Second))
}

// sweep forgets, once a minute, the names that have not asked for so long that
// nothing is left to remember of them.
func (b *buckets) sweep(now time.Time) {
	if now.Sub(b.swept) < time.Minute {
		return
	}
	b.swept = now
	for name, bucket := range b.of {
		if bucket.TokensAt(now) >= float64(b.burst) {
			delete(b.of, name)
		}
	}
}

// turns let each person do so many things at once.
type turns struct {
	most     int
	patience time.Duration

	mu sync.Mutex
	of map[int64]*turn
}

// turn are one person's turns, and how many requests know of them.
type turn struct {
	gate  *semaphore.Weighted
	known int
}

// take waits for a turn; release gives it back.
func (t *turns) take(ctx context.Context, person int64) (release func(), err error) {
	if t.most == 0 {
		return func() {}, nil
	}
	mine := t.know(person)
	waiting, cancel := context.WithTimeout(ctx, t.patience)
	defer cancel()
	if err := mine.gate.Acquire(waiting, 1); err != nil {
		t.forget(person, mine)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("wait for a turn: %w", ctx.Err())
		}
		return nil, fault.Wrap(&tooMany{t.patience}, fault.Unavailable, "You have %s under way already. Wait until one is done, then try again.", views.Counted(t.most, "export or search", "exports and searches"))
	}
	return func() {
		mine.gate.Release(1)
		t.forget(person, mine)
	}, nil
}

func (t *turns) know(person int64) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	mine := t.of[person]
	if mine == nil {
		mine = &turn{gate: semaphore.NewWeighted(int64(t.most))}
		t.of[person] = mine
	}
	mine.known++
	return mine
}

func (t *turns) forget(person int64, mine *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if mine.known--; mine.known == 0 {
		delete(t.of, person)
	}
}

// addressOf returns how the address of whoever asks is found: what a proxy of
// ours says counts, what anybody else says does not.
func addressOf(proxies []netip.Prefix) echo.IPExtractor {
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		trust = append(trust, echo.TrustIPRange(&net.IPNet{IP: p.Masked().Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}

// network is what counts as one address: of IPv6 a household has a /64.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return address
	}
	prefix, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}
