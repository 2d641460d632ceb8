// Package line is a network line on purpose as bad as lines can be: everything
// that goes to a side passes through it, byte by byte, whatever protocol it is.
//
// A Line listens on an address of its own and passes on to its target. While
// nothing is broken it changes nothing. Break makes it fail in one way; Mend
// ends that, and drops what the fault left standing, as a firewall does that
// has been started again.
package line

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// Kind is one way to be bad.
type Kind string

// The kinds. Each strikes at connections that are open already, too.
const (
	Latency   Kind = "latency"   // everything comes Fault.Delay later, by up to half of that more or less
	Reset     Kind = "reset"     // connections are reset in the middle, before or after what was said arrived
	HalfOpen  Kind = "half-open" // connections are taken, and nothing is passed on or ever answered
	Truncated Kind = "truncated" // a connection ends within the first Fault.Bytes of what is answered from now on
	Throttled Kind = "throttled" // so many bytes a second pass, each way
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{Latency, Reset, HalfOpen, Truncated, Throttled} }

// Fault says how a line is bad.
type Fault struct {
	Kind  Kind
	Part  float64       // of what could be struck; 0: all of it. Pieces of a connection for Reset, connections for the others
	Delay time.Duration // of Latency
	Bytes int           // of Truncated; bytes a second of Throttled
}

// pieceSize is how much passes at once.
const pieceSize = 16 << 10

// Line passes connections on. Target is set before anybody uses it.
type Line struct {
	listener net.Listener

	mu      sync.Mutex
	network string
	target  string
	fault   *Fault
	broken  int // how often it was broken: a connection knows what was decided about it at which time
	chance  *rand.Rand
	open    map[*call]bool
	struck  map[Kind]int
	closed  bool
	done    sync.WaitGroup
}

// Open listens on a free port of this machine. seed decides what chances come to.
func Open(ctx context.Context, seed uint64) (*Line, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open a line: %w", err)
	}
	l := &Line{listener: listener, chance: rand.New(rand.NewPCG(seed, 11)), open: map[*call]bool{}, struck: map[Kind]int{}}
	l.done.Go(l.accept)
	return l, nil
}

// Addr is where the line begins.
func (l *Line) Addr() string { return l.listener.Addr().String() }

// To says where it ends: a network and an address as net.Dial takes them.
func (l *Line) To(network, address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.network, l.target = network, address
}

// Break makes the line fail from now on, in one way at a time.
func (l *Line) Break(f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = &f
	l.broken++
}

// Mend ends the fault, and every connection that it silenced.
func (l *Line) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = nil
	for c := range l.open {
		if c.silent {
			c.end(true)
		}
	}
}

// Struck is how many connections met each kind of fault.
func (l *Line) Struck() map[Kind]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	counts := map[Kind]int{}
	for kind, n := range l.struck {
		counts[kind] = n
	}
	return counts
}

// Close ends the line and everything on it.
func (l *Line) Close() error {
	l.mu.Lock()
	l.closed = true
	err := l.listener.Close()
	for c := range l.open {
		c.end(true)
	}
	l.mu.Unlock()
	l.done.Wait()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close a line: %w", err)
	}
	return nil
}

func (l *Line) accept() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return // it was closed
		}
		l.done.Go(func() { l.serve(near) })
	}
}

// call is one connection through the line.
type call struct {
	line      *Line
	near, far net.Conn // far is nil while nobody is reached

	// Under the line's lock.
	met    int  // the break that was decided about
	struck bool // by that one
	silent bool // nothing passes any more
	ended  bool
	left   int // bytes that may still be answered, of Truncated
}

// serve passes one connection on until either side ends it.
func (l *Line) serve(near net.Conn) {
	c := &call{line: l, near: near}
	l.mu.Lock()
	network, target := l.network, l.target
	gone := l.closed
	l.open[c] = true
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		c.end(false)
		delete(l.open, c)
		l.mu.Unlock()
	}()
	if gone {
		return
	}
	far, err := net.Dial(network, target)
	if err != nil {
		return // as if nobody listened
	}
	l.mu.Lock()
	c.far = far
	if c.ended {
		_ = far.Close()
	}
	l.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { c.pass(far, near, false) })
	both.Go(func() { c.pass(near, far, true) })
	both.Wait()
}

// end closes both ends, abruptly or in order. The line is locked.
func (c *call) end(abruptly bool) {
	c.ended = true
	for _, end := range []net.Conn{c.near, c.far} {
		if end == nil {
			continue
		}
		if tcp, ok := end.(*net.TCPConn); ok && abruptly {
			_ = tcp.SetLinger(0) // it may be closed already, as below
		}
		_ = end.Close()
	}
}

// pass copies from one end to the other, as well as the line can.
func (c *call) pass(to io.Writer, from io.Reader, answers bool) {
	piece := make([]byte, pieceSize)
	for {
		n, err := from.Read(piece)
		if n > 0 && !c.carry(to, piece[:n], answers) {
			return
		}
		if err != nil {
			c.line.mu.Lock()
			if !c.silent { // a silent line does not even tell that an end is gone
				c.end(false)
			}
			c.line.mu.Unlock()
			return
		}
	}
}

// carry brings a piece to the other end; false when the connection is over.
func (c *call) carry(to io.Writer, piece []byte, answers bool) bool {
	do := c.meet(len(piece), answers)
	if do.swallow {
		return true
	}
	if do.wait > 0 {
		time.Sleep(do.wait)
	}
	if do.cut {
		piece = piece[:do.keep]
	}
	if len(piece) > 0 {
		if _, err := to.Write(piece); err != nil {
			c.over(false)
			return false
		}
	}
	if do.cut {
		c.over(do.reset)
		return false
	}
	return true
}

func (c *call) over(abruptly bool) {
	c.line.mu.Lock()
	defer c.line.mu.Unlock()
	c.end(abruptly)
}

// treatment is what happens to a piece.
type treatment struct {
	swallow bool
	wait    time.Duration
	cut     bool // the connection ends after keep bytes of it
	keep    int
	reset   bool // and not in order
}

// meet decides what the fault of the moment does to a piece of so many bytes.
func (c *call) meet(size int, answers bool) treatment {
	l := c.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.silent {
		return treatment{swallow: true}
	}
	f := l.fault
	if f == nil {
		return treatment{}
	}
	part := f.Part
	if part == 0 {
		part = 1
	}
	if f.Kind == Reset {
		if l.chance.Float64() >= part {
			return treatment{}
		}
		l.struck[Reset]++
		return treatment{cut: true, reset: true, keep: size * l.chance.IntN(2)}
	}
	if c.met != l.broken {
		c.met, c.struck = l.broken, l.chance.Float64() < part
		if c.struck {
			l.struck[f.Kind]++
			c.left = 1 + l.chance.IntN(max(f.Bytes, 1))
		}
	}
	if !c.struck {
		return treatment{}
	}
	switch f.Kind {
	case Latency:
		return treatment{wait: f.Delay/2 + time.Duration(l.chance.Int64N(int64(f.Delay)+1))}
	case HalfOpen:
		c.silent = true
		return treatment{swallow: true}
	case Throttled:
		return treatment{wait: time.Duration(float64(size) / float64(max(f.Bytes, 1)) * float64(time.Second))}
	case Truncated:
		if !answers {
			return treatment{}
		}
		if size >= c.left {
			return treatment{cut: true, keep: c.left}
		}
		c.left -= size
	}
	return treatment{}
}
