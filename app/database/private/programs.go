package private

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ErrNoPrograms means that PostgreSQL's server programs are not installed.
var ErrNoPrograms = errors.New("PostgreSQL's server programs are not on this machine; install them with `apt-get install postgresql`")

// programsFor returns the folder of the server programs for data: of the
// version that made it, or the newest when there is no data yet.
func programsFor(data string) (string, error) {
	dirs := installed()
	if len(dirs) == 0 {
		return "", ErrNoPrograms
	}
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return dirs[0], nil
	}
	if err != nil {
		return "", fmt.Errorf("read data folder: %w", err)
	}
	wanted := strings.TrimSpace(string(text))
	var have []string
	for _, dir := range dirs {
		found, err := major(dir)
		if err != nil {
			return "", err
		}
		if found == wanted {
			return dir, nil
		}
		have = append(have, found)
	}
	return "", fmt.Errorf("the data in %s is of PostgreSQL %s and this machine has %s: install postgresql-%s, or begin anew with --fresh",
		data, wanted, strings.Join(have, ", "), wanted)
}

// installed lists the folders that hold a complete set of server programs, the
// newest of the distribution's first.
func installed() []string {
	candidates, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is well formed
	slices.SortFunc(candidates, func(a, b string) int { return number(b) - number(a) })
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		candidates = append(candidates, strings.TrimSpace(string(out)))
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		candidates = append(candidates, filepath.Dir(path))
	}
	return slices.DeleteFunc(candidates, func(dir string) bool { return !complete(dir) })
}

// number is the version in a path such as /usr/lib/postgresql/15/bin.
func number(dir string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir))) // 0 for a folder that is no version
	return n
}

// complete tells a set of server programs from a stray wrapper.
func complete(dir string) bool {
	for _, program := range []string{"initdb", "postgres", "pg_ctl"} {
		info, err := os.Stat(filepath.Join(dir, program))
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}

// major asks the programs in dir for their version: "15" of "postgres
// (PostgreSQL) 15.18 (Debian 15.18-1)".
func major(dir string) (string, error) {
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", dir, err)
	}
	_, text, _ := strings.Cut(string(out), ") ")
	end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if end < 1 {
		return "", fmt.Errorf("%s does not say its version: %q", dir, out)
	}
	return text[:end], nil
}
