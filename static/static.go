// Package static holds everything the browser loads besides pages: the style
// sheet, the scripts, the icons and the font, embedded in the program.
//
// Each file is served under a path that contains the hash of its content, so
// that a browser may keep it for ever and never holds a stale one. The scripts
// are served as one: htmx begins as soon as it is there, and would begin
// without the extensions that were still on their way.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"
)

// Prefix is the path under which Handler expects to be mounted.
const Prefix = "/static/"

//go:embed app.css app.js icons.svg favicon.svg
//go:embed third_party/htmx/*.js third_party/inter/*.woff2
var files embed.FS

type asset struct {
	url         string
	etag        string // weak: one for both encodings
	contentType string
	body        []byte
	packed      []byte // gzip of body; nil where that saves nothing
}

// scripts are the parts of app.js as it is served, in their order.
var scripts = []string{"third_party/htmx/htmx.min.js", "third_party/htmx/hx-csp.min.js", "third_party/htmx/hx-sse.min.js", "app.js"}

// assets maps a base name ("app.css") to its file; immutable after start-up.
var assets = load()

// URL returns the hashed path of a file by its base name: URL("app.css") is
// "/static/3f1c…/app.css". It panics for a name that does not exist, which a
// test of any page finds.
func URL(name string) string { return find(assets, name).url }

// Handler serves the files under Prefix. A request with the current hash may
// be cached for a year; one with another hash (a page from before an update)
// is answered with the current file and not cached.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
			return
		}
		file, ok := assets[path.Base(r.URL.Path)]
		if !ok || !strings.HasPrefix(r.URL.Path, Prefix) {
			http.NotFound(w, r)
			return
		}
		header := w.Header()
		header.Set("Content-Type", file.contentType)
		header.Set("ETag", file.etag)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-cache")
		if r.URL.Path == file.url {
			header.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		body := file.body
		if file.packed != nil {
			header.Add("Vary", "Accept-Encoding")
			if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				header.Set("Content-Encoding", "gzip")
				body = file.packed
			}
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}

func load() map[string]asset {
	found := map[string]asset{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) == ".css" || path.Ext(name) == ".js" {
			return err
		}
		return add(found, path.Base(name), name)
	})
	if err == nil {
		err = add(found, "app.js", scripts...)
	}
	if err == nil {
		err = add(found, "app.css", "app.css") // last: it refers to the others
	}
	if err != nil {
		panic(fmt.Sprintf("static: %v", err))
	}
	return found
}

var cssURL = regexp.MustCompile(`url\("([^":]+)"\)`)

// add takes in the file that is served as base, made of the named parts.
func add(found map[string]asset, base string, parts ...string) error {
	var body []byte
	for _, name := range parts {
		part, err := files.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		body = append(body, part...)
	}
	if path.Ext(base) == ".css" {
		body = cssURL.ReplaceAllFunc(body, func(match []byte) []byte {
			target := string(cssURL.FindSubmatch(match)[1])
			return []byte(`url("` + find(found, target).url + `")`)
		})
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:8])
	packed, err := pack(body)
	if err != nil {
		return fmt.Errorf("compress %s: %w", base, err)
	}
	found[base] = asset{
		url:         Prefix + hash + "/" + base,
		etag:        `W/"` + hash + `"`,
		contentType: contentType(base),
		body:        body,
		packed:      packed,
	}
	return nil
}

// pack compresses once, at start-up; nil when the file is compressed already.
func pack(body []byte) ([]byte, error) {
	var out bytes.Buffer
	writer, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := writer.Write(body); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	if out.Len() > len(body)*9/10 {
		return nil, nil
	}
	return out.Bytes(), nil
}

func find(in map[string]asset, name string) asset {
	file, ok := in[name]
	if !ok {
		panic("static: no file " + name)
	}
	return file
}

// contentType does not ask the machine's MIME tables for the types that pages
// depend on.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	}
	return mime.TypeByExtension(path.Ext(name))
}
