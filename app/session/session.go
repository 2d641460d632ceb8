// Package session keeps server-side sessions in PostgreSQL for scs.
//
// It differs from scs's own store in what parallel requests of one browser can
// do to each other: a request that only read its session writes back nothing
// but the new expiry, and a request that overlapped with a sign-out cannot
// bring the session back.
package session

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Codec writes a session as JSON. Its values are strings only.
type Codec struct{}

type record struct {
	Deadline time.Time         `json:"deadline"`
	Values   map[string]string `json:"values"`
}

// Encode implements scs.Codec; the same session is always the same bytes.
func (Codec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	r := record{deadline.UTC(), map[string]string{}}
	for key, value := range values {
		text, ok := value.(string)
		if !ok {
			return nil, fmt.Errorf("session value %s is a %T, not a string", key, value)
		}
		r.Values[key] = text
	}
	encoded, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write session: %w", err)
	}
	return encoded, nil
}

// Decode implements scs.Codec.
func (Codec) Decode(encoded []byte) (time.Time, map[string]any, error) {
	var r record
	if err := json.Unmarshal(encoded, &r); err != nil {
		return time.Time{}, nil, fmt.Errorf("read session: %w", err)
	}
	values := make(map[string]any, len(r.Values))
	for key, value := range r.Values {
		values[key] = value
	}
	return r.Deadline, values, nil
}

// read is the session as one request found it.
type read struct {
	token  string
	data   []byte
	expiry time.Time
}

type readKey struct{}

// Remember returns the context of one request, in which the store remembers
// what it has read; without it a session cannot be told from a new one.
func Remember(ctx context.Context) context.Context {
	return context.WithValue(ctx, readKey{}, &read{})
}

// remembered returns what the request has read so far.
func remembered(ctx context.Context) *read {
	if r, ok := ctx.Value(readKey{}).(*read); ok {
		return r
	}
	return &read{}
}
