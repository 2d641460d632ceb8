package identity

import (
	"context"
	"slices"
	"strings"
	"time"

	"tieout/app/audit"
)

// Origin is where somebody signs in from; what is not known is empty.
type Origin struct {
	Address string // of the network
	Browser string // hash of what its cookie names it by
	Agent   string // what it calls itself
}

// Actions of the audit log that tell of who may come in and tried to; a channel
// of alerts can be told of them (queries/alert.sql).
const (
	refused       = "refused at sign-in"
	elsewhere     = "signed in from somewhere new"
	rolesChanged  = "roles changed at sign-in"
	failedOften   = "sign-ins failed repeatedly"
	signInsObject = "sign_in" // object of events about somebody who is nobody here, and about an address
)

const (
	manyFailures  = 5                    // within an hour, from one address
	keepsFailures = 30 * 24 * time.Hour  // how long they are counted
	keepsOrigins  = 400 * 24 * time.Hour // how long one is remembered that is not used; as long as browsers keep the cookie
)

// told is an origin as the audit log has it.
func (o Origin) told() map[string]any {
	told := map[string]any{}
	if o.Address != "" {
		told["address"] = o.Address
	}
	if o.Agent != "" {
		told["browser"] = shortened(o.Agent, 200)
	}
	return told
}

// shortened is text of at most so many characters.
func shortened(text string, most int) string {
	if runes := []rune(strings.ToValidUTF8(text, "?")); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return strings.ToValidUTF8(text, "?")
}

// decides reports whether the roles decide about the books or about people: where
// such a person signs in from is watched.
func decides(roles []Role) bool {
	return slices.Contains(roles, Approver) || slices.Contains(roles, Admin)
}

// newOrigins remembers where a person signs in from and returns what is new of
// it; nothing of what is not known.
func (r records) newOrigins(ctx context.Context, person int64, from Origin) (fresh []string, err error) {
	for _, part := range []struct{ kind, value string }{{"browser", from.Browser}, {"address", from.Address}} {
		if part.value == "" {
			continue
		}
		first, err := r.origin(ctx, person, part.kind, part.value)
		if err != nil {
			return nil, err
		}
		if first {
			fresh = append(fresh, part.kind)
		}
	}
	return fresh, nil
}

// SignInFailed counts a sign-in that did not succeed; the fifth within an hour
// from one address is in the audit log.
func (s *Service) SignInFailed(ctx context.Context, from Origin, why, requestID string) error {
	return s.store.inTx(ctx, func(tx records) error {
		tries, err := tx.countFailure(ctx, from.Address)
		if err != nil || tries != manyFailures {
			return err
		}
		after := from.told()
		after["tries"], after["last"] = tries, why
		return tx.log(ctx, audit.Event{Actor: audit.Actor{Name: "sign-in", RequestID: requestID}, Action: failedOften, ObjectType: signInsObject, ObjectID: from.Address, After: after})
	})
}
