package amazon

import "log/slog"

// Secret is a credential that no print verb, log or encoder shows: the value is
// held by a function, which formatting cannot look into.
type Secret struct {
	reveal func() string
}

// Hide wraps a credential.
func Hide(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{func() string { return value }}
}

// Reveal returns the credential, for the request that needs it.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// Empty reports whether there is none.
func (s Secret) Empty() bool { return s.reveal == nil }

// String stands in for the credential wherever it is printed.
func (s Secret) String() string { return "[secret]" }

// GoString is String for %#v.
func (s Secret) GoString() string { return "[secret]" }

// LogValue is String for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }
