package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

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
		model.Connections = append(model.Connections, views.Option{Value: strconv.FormatInt(c.ID, 10), Label: titleOf(c.Title, c.Name), Current: c.ID == r.connection()})
	}
	for _, u := range recent {
		model.Imports = append(model.Imports, s.uploadModel(r, u))
	}
	return r.showAs(status, views.UploadView(r.page("Upload reports", views.Settlements, views.Link{Text: "Settlements", Href: "/settlements"}), model))
}

func titleOf(title, name string) string {
	if title == "" {
		return name
	}
	return title
}

func (s *server) uploadModel(r *request, u Upload) views.Import {
	model := views.Import{Name: u.Name, Uploaded: r.format().Time(u.Task.Began), Message: u.Task.Message}
	switch {
	case u.Task.Ended.IsZero():
		id := strconv.FormatInt(u.TaskID, 10)
		model.Live = &views.Live{ID: "task-" + id, Stream: "/tasks/" + id + "/events", Reload: "/settlements/upload", Progress: s.progress(u.Task)}
	case u.Task.Failed:
		model.Status = views.Pill{State: views.Wrong, Text: "Not imported"}
	default:
		model.Status = views.Pill{State: views.Done, Text: "Imported"}
		if u.Task.Link != "" {
			model.Settlements = []views.Link{{Text: "Open", Href: u.Task.Link}}
		}
	}
	return model
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
			if _, err := s.Uploads.Upload(r.ctx(), r.person, connectionID, part.FileName(), part); err != nil {
				if !fault.Is(err, fault.Invalid) {
					return err
				}
				problems = append(problems, part.FileName()+": "+fault.MessageOf(err))
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
