package main

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzLoadConfig: a configuration is taken or every wrong variable is named, and
// no secret of it is ever printed.
func FuzzLoadConfig(f *testing.F) {
	for _, seed := range []string{"", "TIEOUT_LISTEN=:", "TIEOUT_SESSION_IDLE=99999999999h\nTIEOUT_WORKERS=1e9", "TIEOUT_PUBLIC_URL=http://[::1", "TIEOUT_GROUP_ROLES=a=admin;=;b", "TIEOUT_SMTP_URL=smtp://u:p@h:99999?tls=x\nTIEOUT_SMTP_FROM=<",
		"TIEOUT_VAULT_KEY=hunter2hunter2", "TIEOUT_NOBODY=x", "=", "TIEOUT_LOG_LEVEL=\x00", "DATABASE_URL=postgres://u:hunter2hunter2@h/d?password=x", "TIEOUT_PERSONAL_DAYS=-1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "_FILE") {
			return // would read any file
		}
		c, err := LoadConfig(strings.Split(text, "\n"))
		secret := c.VaultKey.Reveal()
		if said := fmt.Sprint(err) + c.OIDCClientSecret.String() + fmt.Sprintf("%#v", c.VaultKey); len(secret) > 10 && strings.Count(text, secret) == 1 {
			require.NotContains(t, said, secret)
		}
		require.NoError(t, c.Print(io.Discard))
		if err == nil {
			require.Positive(t, c.Workers)
			require.LessOrEqual(t, c.SessionIdle, c.SessionLifetime)
		}
	})
}
