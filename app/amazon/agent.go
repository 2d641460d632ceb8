package amazon

import (
	"fmt"
	"runtime"
	"strings"
)

// maxAgent is the length in characters beyond which Amazon refuses the call.
const maxAgent = 500

var (
	escapeName  = strings.NewReplacer(`\`, `\\`, `/`, `\/`, `(`, `\(`, `)`, `\)`)
	escapeValue = strings.NewReplacer(`\`, `\\`, `;`, `\;`, `(`, `\(`, `)`, `\)`)
)

// userAgent writes Application/Version (Language=...; Platform=...), the form
// that Amazon requires of every call.
func userAgent(application, version string) (string, error) {
	agent := fmt.Sprintf("%s/%s (Language=%s; Platform=%s)",
		escapeName.Replace(application), escapeName.Replace(version),
		escapeValue.Replace("Go/"+strings.TrimPrefix(runtime.Version(), "go")),
		escapeValue.Replace(runtime.GOOS+"/"+runtime.GOARCH))
	for _, r := range agent {
		if r < ' ' || r > '~' {
			return "", fmt.Errorf("amazon: the user agent %q may hold ASCII characters only", agent)
		}
	}
	if len(agent) > maxAgent {
		return "", fmt.Errorf("amazon: the user agent has %d characters, Amazon accepts %d", len(agent), maxAgent)
	}
	return agent, nil
}
