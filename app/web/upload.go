package web

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"tieout/app/fault"
	"tieout/views"
)

const uploadHint = "Up to 4 GB at once: flat file V2, flat file and XML; plain or gzip."

// uploadPage takes reports and shows how far each is.
func (s *server) uploadPage(r *request) error { return s.showUpload(r, http.StatusOK, nil) }

func (s *server) showUpload(r *request, status int, wrong map[string]string) error {
	connections, err := s.Insight.Connections(r.ctx())
	if err != nil {
		return err
	}
	recent, err := s.Uploads.Recent(r.ctx())
	if err != nil {
		return err
	}
	model := views.UploadPage{Action: "/settlements/upload", Limit: uploadHint, Errors: wrong}
	for _, c := range connections {
		model.Connections = append(model.Connections, views.Option{Value: strconv.FormatInt(c.ID, 10), Label: cmp.Or(c.Title, c.Name), Current: c.ID == r.connection()})
	}
	live := liveUploads(recent)
	for _, u := range recent {
		file, err := s.uploadModel(r, u, live)
		if err != nil {
			return err
		}
		model.Imports = append(model.Imports, file)
	}
	return r.showAs(status, views.UploadView(r.page("Upload reports", views.Settlements, views.Link{Text: "Settlements", Href: "/settlements"}), model))
}

// streamsOfUpload is how many files the page watches at once: a browser keeps
// six connections to a server, and people want to click while files are read.
const streamsOfUpload = 3

// liveUploads are the files that are watched, those that are read first. The
// page is drawn anew when one is done, and then watches the next.
func liveUploads(newestFirst []Upload) map[int64]bool {
	live := map[int64]bool{}
	for _, u := range slices.Backward(newestFirst) {
		if u.Task.Ended.IsZero() && len(live) < streamsOfUpload {
			live[u.TaskID] = true
		}
	}
	return live
}

func (s *server) uploadModel(r *request, u Upload, live map[int64]bool) (views.Import, error) {
	model := views.Import{Name: u.Name, Uploaded: r.format().Time(u.Task.Began), Message: u.Task.Message}
	switch {
	case u.Task.Ended.IsZero() && !live[u.TaskID]:
		model.Status = views.Pill{State: views.Waiting, Text: "Waiting for the files before it"}
	case u.Task.Ended.IsZero():
		id := strconv.FormatInt(u.TaskID, 10)
		model.Live = &views.Live{ID: "task-" + id, Stream: "/tasks/" + id + "/events", Reload: "/settlements/upload", Progress: s.progress(u.Task)}
	case u.Task.Failed:
		model.Status = views.Pill{State: views.Wrong, Text: "Not imported"}
	default:
		model.Status = views.Pill{State: views.Done, Text: "Imported"}
		if u.Task.Link != "" {
			model.Settlements = []views.Link{{Text: "Open", Href: u.Task.Link}}
			return model, s.uploadProblems(r, &model)
		}
	}
	return model, nil
}

// problemsOfUpload is how many rows of a file the upload page itself explains.
const problemsOfUpload = 50

// uploadProblems says which rows of an imported file could not be read.
func (s *server) uploadProblems(r *request, model *views.Import) error {
	href := model.Settlements[0].Href
	d, err := s.Settlements.Get(r.ctx(), parseID(strings.TrimPrefix(href, "/settlements/")))
	if err != nil || d.ProblemCount == 0 {
		return err
	}
	problems, err := s.Settlements.Problems(r.ctx(), d, 0, problemsOfUpload)
	if err != nil {
		return err
	}
	model.Status = views.Pill{State: views.Waiting, Text: "Imported with problems"}
	model.Problems = lineProblems(problems)
	model.AllProblems = views.Link{Text: "All " + views.Counted(int(d.ProblemCount), "problem", "problems"), Href: href + "/documents"}
	return nil
}

// uploadSave streams each file into the document store as it comes in; nothing
// is held in memory. The connection's field stands before the files.
func (s *server) uploadSave(r *request) error {
	parts, err := r.Request().MultipartReader()
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "The upload did not arrive whole. Choose the files again.")
	}
	connectionID, files, problems := int64(0), 0, []string{}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fault.Wrap(err, fault.Invalid, "The upload broke off. %d files arrived and are being read; send the others again.", files)
		}
		switch {
		case part.FormName() == "connection":
			text, err := io.ReadAll(io.LimitReader(part, 20))
			if err != nil {
				return fmt.Errorf("read upload: %w", err)
			}
			connectionID = parseID(string(text))
		case part.FormName() != "files" || part.FileName() == "":
		case connectionID == 0:
			return s.showUpload(r, http.StatusUnprocessableEntity, map[string]string{"connection": "Choose a connection."})
		default:
			files++
			name := fileName(part.FileName())
			if _, err := s.Uploads.Upload(r.ctx(), r.person, connectionID, name, part); err != nil {
				if !fault.Is(err, fault.Invalid) {
					return err
				}
				problems = append(problems, name+": "+fault.MessageOf(err))
			}
		}
	}
	if files == 0 {
		return s.showUpload(r, http.StatusUnprocessableEntity, map[string]string{"files": "Choose at least one file."})
	}
	for _, p := range problems {
		r.flash(views.Wrong, "One file was refused.", p)
	}
	return r.goTo("/settlements/upload")
}

// uploadCancel stops the reading of an uploaded file; the file itself stays.
func (s *server) uploadCancel(r *request) error {
	id, err := r.pathID("task")
	if err != nil {
		return err
	}
	if err := s.Uploads.Cancel(r.ctx(), id); err != nil {
		return err
	}
	return r.goTo("/settlements/upload")
}
