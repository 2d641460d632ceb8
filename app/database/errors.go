package database

import (
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"tieout/app/fault"
)

// SQLSTATEs of the triggers that hold invariants; their messages are written
// for people.
const (
	codeInvariant  = "TO001"
	codeNotAllowed = "TO002"
	codeImmutable  = "TO003"
	codeSignIn     = "TO004"
)

// Translate turns an error of PostgreSQL into one that the callers understand;
// any other error comes back unchanged. Web and jobs call it in their one place
// for errors.
func Translate(err error) error {
	if err == nil || fault.CodeOf(err) != fault.Internal {
		return err
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		if unreachable(err) {
			return silent(err)
		}
		return err
	}
	switch {
	case pg.Code == codeInvariant || pg.Code == codeImmutable:
		return fault.Wrap(err, fault.Conflict, "%s", sentence(pg.Message))
	case pg.Code == codeNotAllowed:
		return fault.Wrap(err, fault.Forbidden, "%s", sentence(pg.Message))
	case pg.Code == codeSignIn:
		return fault.Wrap(err, fault.Unauthorised, "%s", sentence(pg.Message))
	case pg.Code == "42501" && strings.Contains(pg.Message, "row-level security"):
		return fault.Wrap(err, fault.Forbidden, "This belongs to a connection that you do not see, or to all of them. Somebody who sees every connection can do it.")
	case pg.Code == "23505":
		return fault.Wrap(err, fault.Conflict, "This exists already (%s).", pg.ConstraintName)
	case pg.Code == "23503":
		return fault.Wrap(err, fault.Invalid, "This refers to something that does not exist (%s).", pg.ConstraintName)
	case pg.Code == "23514" || pg.Code == "23502":
		return fault.Wrap(err, fault.Invalid, "This value is not allowed (%s%s).", pg.ConstraintName, pg.ColumnName)
	case lostRace(err):
		return fault.Wrap(err, fault.Conflict, "Somebody else changed the same thing at this moment. Try again.")
	case pg.Code == "57014":
		return fault.Wrap(err, fault.Unavailable, "The database took too long and was told to stop. Nothing was changed; try again.")
	case strings.HasPrefix(pg.Code, "57P") || strings.HasPrefix(pg.Code, "53") || strings.HasPrefix(pg.Code, "08"):
		return silent(err)
	}
	return err
}

func silent(err error) error {
	return fault.Wrap(err, fault.Unavailable, "The database does not answer. Nothing was lost; try again in a moment.")
}

// sentence makes a trigger's message into one.
func sentence(message string) string {
	if message == "" {
		return message
	}
	return strings.ToUpper(message[:1]) + strings.TrimSuffix(message[1:], ".") + "."
}

func lostRace(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// unreachable tells a lost or refused connection to the database. An expired
// deadline and a failed request of an HTTP client are network errors too, but
// not the database's.
func unreachable(err error) bool {
	var connect *pgconn.ConnectError
	var request *url.Error
	var network *net.OpError
	return errors.As(err, &connect) || (errors.As(err, &network) && !errors.As(err, &request))
}
