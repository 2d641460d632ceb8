package bothsides

import (
	"context"
	"errors"
	"math"
	"net"
	"net/http"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// KilledAt has a process of its own do the work, and kills it at a step: when
// it is about to send its n-th packet to the database or to either side, or has
// just received one. Nothing that it does after that leaves it. It returns
// whether the work was done before that.
func (w *World) KilledAt(step int, work func(ctx context.Context, p *World) error) bool {
	w.T.Helper()
	ctx, cancel := context.WithCancelCause(w.T.Context())
	life := &life{left: math.MaxInt, end: cancel}
	p := *w
	p.Pool = w.connect(life)
	defer p.Pool.Close()
	p.open(&http.Transport{DisableKeepAlives: true, DialContext: life.dial})
	life.set(step)
	err := work(ctx, &p)
	if ctx.Err() == nil {
		require.NoError(w.T, err)
		return true
	}
	return false
}

func (w *World) connect(l *life) *pgxpool.Pool {
	w.T.Helper()
	config := w.Pool.Config()
	config.MinConns, config.MaxConns = 0, 8
	config.ConnConfig.DialFunc = l.dial
	pool, err := pgxpool.NewWithConfig(w.T.Context(), config)
	require.NoError(w.T, err)
	return pool
}

var errKilled = errors.New("the process was killed")

// life is what a process has left of its own, in packets.
type life struct {
	end context.CancelCauseFunc

	mu    sync.Mutex
	left  int
	conns []net.Conn
}

func (l *life) set(steps int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left = steps
}

// step takes one; at the last the process is gone, and its connections with it.
func (l *life) step() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left > 0 {
		l.left--
	}
	if l.left > 0 {
		return nil
	}
	l.end(errKilled)
	for _, c := range l.conns {
		_ = c.Close() // it may be closed already
	}
	l.conns = nil
	return errKilled
}

func (l *life) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left <= 0 {
		return nil, errors.Join(errKilled, c.Close())
	}
	l.conns = append(l.conns, c)
	return &line{c, l}, nil
}

// line is a connection of a process that may be killed.
type line struct {
	net.Conn
	life *life
}

// Write implements net.Conn.
func (c *line) Write(b []byte) (int, error) {
	if err := c.life.step(); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// Read implements net.Conn.
func (c *line) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		if gone := c.life.step(); gone != nil {
			return 0, gone
		}
	}
	return n, err
}
