package web

import (
	"context"
	"io"

	"tieout/app/identity"
)

// uploadLimit bounds one upload of many reports.
const uploadLimit = 4 << 30

// Uploads takes reports that somebody uploads.
type Uploads interface {
	// Upload stores a report and has it read in the background. It returns the
	// task that shows how far that is.
	Upload(ctx context.Context, person identity.Person, connectionID int64, name string, in io.Reader) (taskID int64, err error)
	// Recent returns the newest uploads.
	Recent(ctx context.Context) ([]Upload, error)
	// Cancel stops the reading of an upload.
	Cancel(ctx context.Context, taskID int64) error
}

// Upload is one uploaded file.
type Upload struct {
	TaskID int64
	Name   string
	Task   Task
}

// settlementRoutes are the overview and the screens of settlements.
func (s *server) settlementRoutes() []Route {
	if s.Settlements == nil || s.Insight == nil {
		return nil
	}
	return []Route{
		{GET, "/", identity.ViewBooks, s.overviewShow, 0},
		{GET, "/settlements", identity.ViewBooks, s.settlementList, 0},
		{GET, "/settlements/upload", identity.UploadReports, s.uploadPage, 0},
		{POST, "/settlements/upload", identity.UploadReports, s.uploadSave, uploadLimit},
		{POST, "/settlements/upload/:task/cancel", identity.UploadReports, s.uploadCancel, 0},
		{GET, "/settlements/:id", identity.ViewBooks, s.settlementShow, 0},
		{POST, "/settlements/:id/resolve", identity.EditRules, s.settlementResolve, 0},
		{POST, "/settlements/:id/correction", identity.PrepareEntries, s.correctionSave, 0},
		{POST, "/settlements/:id/correction/approve", identity.ApproveEntries, s.correctionApprove, 0},
		{POST, "/settlements/:id/correction/withdraw", identity.PrepareEntries, s.correctionWithdraw, 0},
		{GET, "/settlements/:id/lines", identity.ViewBooks, s.settlementLines, 0},
		{GET, "/settlements/:id/lines/:line", identity.ViewBooks, s.settlementLine, 0},
		{GET, "/settlements/:id/documents", identity.ViewBooks, s.settlementDocuments, 0},
		{GET, "/settlements/:id/documents/:document", identity.Export, s.settlementFile, 0},
		{GET, "/settlements/:id/changes", identity.ViewBooks, s.settlementChanges, 0},
		{GET, "/settlements/:id/history", identity.ViewBooks, s.settlementHistory, 0},
		{GET, "/settlements/:id/compare", identity.ViewBooks, s.settlementCompare, 0},
		{GET, "/search", identity.ViewBooks, s.search, 0},
	}
}
