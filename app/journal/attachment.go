package journal

import (
	"context"
	"fmt"
	"io"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/document"
	"tieout/app/fault"
	"tieout/sqlc"
)

// Attachment is a file that a person put with an entry.
type Attachment = sqlc.AttachmentsOfRow

// Attach stores a file and puts it with an entry, in whatever state the entry
// is: what is posted does not include it. The same file twice stays once.
func (s *Service) Attach(ctx context.Context, id int64, name, contentType string, file io.Reader, actor audit.Actor) error {
	e, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	doc, _, err := document.NewStore(s.pool).Put(ctx, document.Meta{ConnectionID: e.ConnectionID, Kind: document.Attachment, Name: name,
		Source: document.FromUpload, ContentType: contentType, CreatedBy: actor.PersonID}, file)
	if err != nil {
		return err
	}
	return s.change(ctx, "attach to", id, func(tx *database.Tx, e sqlc.LockEntryRow) error {
		added, err := sqlc.New(tx).InsertAttachment(ctx, sqlc.InsertAttachmentParams{EntryID: id, DocumentID: doc.ID, AddedBy: actor.PersonID})
		if err != nil || added == 0 {
			return err
		}
		attached := event(e, actor, "attached a file", map[string]any{"document": doc.ID, "name": name}, "")
		attached.Before = nil
		return audit.Write(ctx, tx, attached)
	})
}

// Attachments returns the files of an entry, oldest first.
func (s *Service) Attachments(ctx context.Context, id int64) ([]Attachment, error) {
	files, err := sqlc.New(s.pool).AttachmentsOf(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read attachments of entry %d: %w", id, err)
	}
	return files, nil
}

// OpenAttachment streams a file of an entry; fault.NotFound when the entry has
// no such file. The caller closes it.
func (s *Service) OpenAttachment(ctx context.Context, id, documentID int64) (Attachment, io.ReadCloser, error) {
	files, err := s.Attachments(ctx, id)
	if err != nil {
		return Attachment{}, nil, err
	}
	for _, file := range files {
		if file.ID != documentID {
			continue
		}
		content, err := document.NewStore(s.pool).Open(ctx, documentID)
		return file, content, err
	}
	return Attachment{}, nil, fault.New(fault.NotFound, "Entry %d has no file %d.", id, documentID)
}
