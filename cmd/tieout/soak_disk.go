package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tieout/app/amazon"
)

// diskSize holds what a soak writes.
const diskSize = "3g"

// disk is what the database's data folder is on: a small file system in memory
// of its own where this process may mount one. Elsewhere a limit on the size of
// files stands for the end of the space, which PostgreSQL meets in the same way.
type disk struct {
	how     string
	dir     string
	mounted bool
}

// openDisk makes a disk at dir.
func openDisk(ctx context.Context, dir string) (*disk, error) {
	d := &disk{dir: dir}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	if os.Geteuid() == 0 && exec.CommandContext(ctx, "mount", "-t", "tmpfs", "-o", "mode=0755,size="+diskSize, "tmpfs", dir).Run() == nil {
		d.mounted, d.how = true, "The data folder is a file system of "+diskSize+" in memory, which is filled."
		return d, nil
	}
	d.how = "This process may not mount: a limit on the size of the database's files stands for a full disk."
	return d, nil
}

// fill leaves no room for so long.
func (d *disk) fill(ctx context.Context, length time.Duration) error {
	if !d.mounted {
		return errors.Join(d.limit(ctx, "65536:"), amazon.Sleep(ctx, length))
	}
	file, err := os.OpenFile(d.filler(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("fill the disk: %w", err)
	}
	defer func() { _ = file.Close() }() // it is removed
	block := make([]byte, 1<<20)
	for end := time.Now().Add(length); time.Now().Before(end); { // what is given back is taken again
		if n, err := file.Write(block); err == nil && n == len(block) {
			continue
		}
		if _, err := file.Write(block[:4096]); err == nil {
			continue
		}
		if err := amazon.Sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

func (d *disk) filler() string { return filepath.Join(d.dir, "filler") }

// free gives the room back.
func (d *disk) free(ctx context.Context) error {
	if !d.mounted {
		return d.limit(ctx, "unlimited:")
	}
	if err := os.Remove(d.filler()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("free the disk: %w", err)
	}
	return nil
}

// limit bounds the size of the files of the database's processes.
func (d *disk) limit(ctx context.Context, size string) error {
	text, err := os.ReadFile(filepath.Join(d.dir, "postgres", "postmaster.pid"))
	if errors.Is(err, os.ErrNotExist) {
		return nil // it gave up, and is started without a limit
	}
	if err != nil {
		return fmt.Errorf("find the database: %w", err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	server := strings.TrimSpace(first)
	if _, err := strconv.Atoi(server); err != nil {
		return fmt.Errorf("find the database: %w", err)
	}
	processes := []string{server}
	children, err := os.ReadFile("/proc/" + server + "/task/" + server + "/children")
	if err == nil {
		processes = append(processes, strings.Fields(string(children))...)
	}
	for _, process := range processes {
		said, err := exec.CommandContext(ctx, "prlimit", "--pid", process, "--fsize="+size).CombinedOutput()
		if _, gone := os.Stat("/proc/" + process); err != nil && gone == nil {
			return fmt.Errorf("limit the database's files: %w: %s", err, said)
		}
	}
	return nil
}

// keep copies the database, which does not run any more, off the disk.
func (d *disk) keep(to string) error {
	if !d.mounted {
		return nil // it stays where it is
	}
	if said, err := exec.Command("cp", "-a", d.dir, to).CombinedOutput(); err != nil {
		return fmt.Errorf("keep the database: %w: %s", err, said)
	}
	return nil
}

// close takes the disk away.
func (d *disk) close() error {
	if !d.mounted {
		return nil
	}
	if said, err := exec.Command("umount", d.dir).CombinedOutput(); err != nil {
		return fmt.Errorf("take the disk away: %w: %s", err, said)
	}
	return nil
}
