package private

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// own makes dir and, for root, gives it to an unprivileged user who then runs
// the server.
func (s *Server) own(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	// A session of its own: Ctrl-C reaches the program, which stops the server in order.
	s.process = &syscall.SysProcAttr{Setsid: true}
	if os.Geteuid() != 0 {
		return nil
	}
	account, err := unprivileged(s.data)
	if err != nil {
		return err
	}
	s.process.Credential = account
	if err := os.Lchown(dir, int(account.Uid), int(account.Gid)); err != nil {
		return fmt.Errorf("give data folder to user %d: %w", account.Uid, err)
	}
	return passable(dir, account.Uid)
}

// Reachable reports whether the server's user could use a data folder there: as
// root the server runs as somebody else, who may not enter a closed home.
func Reachable(dir string) bool {
	if os.Geteuid() != 0 {
		return true
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	account, err := unprivileged(filepath.Join(abs, "postgres"))
	return err == nil && passable(abs, account.Uid) == nil
}

// passable checks that the server's user can walk down to dir: a data folder
// below a closed home folder cannot be used by another user.
func passable(dir string, uid uint32) error {
	for parent := filepath.Dir(dir); parent != "/"; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if errors.Is(err, os.ErrNotExist) {
			continue // it will be made
		}
		if err != nil {
			return fmt.Errorf("check data folder: %w", err)
		}
		if owner(info) != uid && info.Mode().Perm()&0o001 == 0 {
			return fmt.Errorf("the database runs as user %d, who may not enter %s: choose a data folder elsewhere with --data", uid, parent)
		}
	}
	return nil
}

func owner(info os.FileInfo) uint32 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return stat.Uid
	}
	return 0
}

// unprivileged is who runs the server for root: the owner of data that is there
// already, otherwise PostgreSQL's own user, otherwise nobody.
func unprivileged(data string) (*syscall.Credential, error) {
	if info, err := os.Stat(data); err == nil {
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 {
			return &syscall.Credential{Uid: stat.Uid, Gid: stat.Gid}, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errU := strconv.ParseUint(account.Uid, 10, 32)
		gid, errG := strconv.ParseUint(account.Gid, 10, 32)
		if errU == nil && errG == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL refuses to run as root and neither user postgres nor nobody exists")
}

// socketLimit is the longest path of a Unix socket, less "/.s.PGSQL.5432".
const socketLimit = 107 - 14

// socketDir is the data folder, or a short one when that path is too long for
// a socket or has characters that settings cannot carry.
func (s *Server) socketDir(dir string) (string, error) {
	if len(dir) <= socketLimit && !strings.ContainsAny(dir, ", ") {
		return dir, nil
	}
	hash := fnv.New64a()
	hash.Write([]byte(dir))
	short := filepath.Join(os.TempDir(), fmt.Sprintf("tieout-%x", hash.Sum(nil)))
	uid, gid := os.Geteuid(), os.Getegid()
	if c := s.process.Credential; c != nil {
		uid, gid = int(c.Uid), int(c.Gid)
	}
	err := os.Mkdir(short, 0o755)
	if err == nil {
		err = os.Lchown(short, uid, gid)
	}
	if err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("make socket folder: %w", err)
	}
	// Anybody may write to the folder for temporary files: it must be ours.
	if info, err := os.Lstat(short); err != nil || !info.IsDir() || int(owner(info)) != uid {
		return "", fmt.Errorf("the socket folder %s belongs to somebody else; choose a shorter data folder with --data", short)
	}
	return short, nil
}

// hold takes the file's lock, which goes with the process.
func hold(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return file, nil
	}
	_ = file.Close() // nothing was written
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, ErrInUse
	}
	return nil, fmt.Errorf("lock data folder: %w", err)
}

func (s *Server) release() error {
	if s.lock == nil {
		return nil
	}
	err := s.lock.Close() // closing gives the lock back
	s.lock = nil
	if err != nil {
		return fmt.Errorf("unlock data folder: %w", err)
	}
	return nil
}

// running reads postmaster.pid: whether the server runs, and where its socket
// is. After a crash the number in it may by now be another process, which
// PostgreSQL would take for a running server; such a file is removed.
func (s *Server) running() (socket string, ok bool, err error) {
	path := filepath.Join(s.data, "postmaster.pid")
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("look for a running server: %w", err)
	}
	lines := strings.Split(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	switch {
	case err == nil && alive(pid, s.data) && len(lines) > 5 && lines[4] != "":
		return lines[4], true, nil
	case err == nil && alive(pid, s.data):
		return "", false, errors.New("the database is just starting; try again in a moment")
	}
	if err := os.Remove(path); err != nil {
		return "", false, fmt.Errorf("remove what a crash left: %w", err)
	}
	return "", false, nil
}

// alive reports whether process pid is a PostgreSQL server on data.
func alive(pid int, data string) bool {
	command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		_, noProc := os.Stat("/proc/self")
		return noProc != nil && syscall.Kill(pid, 0) == nil // a system without /proc
	}
	return strings.Contains(string(command), "\x00"+data+"\x00")
}
