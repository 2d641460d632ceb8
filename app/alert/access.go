package alert

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tieout/app/database"
	"tieout/app/identity"
	"tieout/sqlc"
)

// accessTold is how far back a look goes: what happened while nobody looked is
// told for so long.
const accessTold = 7 * 24 * time.Hour

// accesses are what the audit log has of who may come in and tried to.
func accesses(ctx context.Context, tx *database.Tx, c Channel) ([]occasion, error) {
	if !slices.Contains(c.Groups, SignIn) {
		return nil, nil
	}
	rows, err := sqlc.New(tx).UntoldAccess(ctx, sqlc.UntoldAccessParams{ChannelID: c.ID, Since: tx.Now.Add(-accessTold), AtMost: perLook})
	if err != nil {
		return nil, fmt.Errorf("read sign-ins to tell: %w", err)
	}
	list := make([]occasion, len(rows))
	for i, r := range rows {
		list[i] = occasion{key: fmt.Sprintf("access/%d", r.Seq), group: SignIn, path: "/admin/audit", at: r.At}
		if list[i].title, list[i].body, err = accessWords(r); err != nil {
			return nil, fmt.Errorf("read audit event %d: %w", r.Seq, err)
		}
	}
	return list, nil
}

// access is what events of the audit log hold besides who and when.
type access struct {
	Why, Last, Address, Browser string
	Tries                       int
	New, Groups                 []string
	Roles                       []identity.Role
	People                      int
	identity.Scope
}

// accessWords writes an event for whoever is told.
func accessWords(r sqlc.UntoldAccessRow) (title, body string, err error) {
	var before, after access
	for _, part := range []struct {
		text []byte
		into *access
	}{{r.Before, &before}, {r.After, &after}} {
		if part.text == nil {
			continue
		}
		if err := json.Unmarshal(part.text, part.into); err != nil {
			return "", "", err
		}
	}
	switch r.Action {
	case "refused at sign-in":
		title = r.Actor + " tried to sign in and has no role here"
		body = "Groups named by the identity provider: " + listed(after.Groups) + "."
		if after.Why == "disabled" {
			title, body = r.Actor+", who is disabled, tried to sign in", ""
		}
	case "signed in from somewhere new":
		title = fmt.Sprintf("%s (%s) signed in from somewhere new", r.Actor, roles(after.Roles))
		body = "Not seen before: " + strings.Join(after.New, " and ") + "."
	case "roles changed at sign-in":
		title = "The roles of " + r.Actor + " are others than before"
		body = fmt.Sprintf("Before: %s. Now: %s. The identity provider names other groups.", roles(before.Roles), roles(after.Roles))
	case "sign-ins failed repeatedly":
		title = fmt.Sprintf("%d sign-ins from %s failed within an hour", after.Tries, r.ObjectID)
		body = "The last: " + after.Last
	case "set the roles of a group":
		title = fmt.Sprintf("%s changed the roles of the group %s", r.Actor, r.ObjectID)
		body = fmt.Sprintf("Before: %s. Now: %s. It concerns %d people who have signed in.", roles(before.Roles), roles(after.Roles), after.People)
	case "set the connections of a person":
		title = fmt.Sprintf("%s changed which connections %s sees", r.Actor, r.Person)
		body = fmt.Sprintf("Before: %s. Now: %s.", seen(before.Scope), seen(after.Scope))
	default: // disabled, enabled
		title = fmt.Sprintf("%s %s %s", r.Actor, r.Action, r.Person)
	}
	return title, strings.TrimSpace(body + after.where()), nil
}

// where tells the address and what the browser calls itself, as far as known.
func (a access) where() string {
	var text string
	if a.Address != "" {
		text = " Address: " + a.Address + "."
	}
	if a.Browser != "" {
		text += " Browser: " + a.Browser + "."
	}
	return text
}

func listed(texts []string) string {
	const most = 20
	switch {
	case len(texts) == 0:
		return "none"
	case len(texts) > most:
		return strings.Join(texts[:most], ", ") + " and others"
	}
	return strings.Join(texts, ", ")
}

func roles(list []identity.Role) string {
	titles := make([]string, len(list))
	for i, r := range list {
		titles[i] = r.Title()
	}
	return listed(titles)
}

func seen(s identity.Scope) string {
	switch n := len(s.Connections); {
	case !s.Scoped:
		return "all"
	case n == 1:
		return "1 connection"
	default:
		return fmt.Sprintf("%d connections", n)
	}
}
