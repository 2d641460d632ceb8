package web

import "tieout/app/identity"

// attachmentLimit bounds a file put with an entry.
const attachmentLimit = 20 << 20

// entryRoutes are the screens of journal entries.
func (s *server) entryRoutes() []Route {
	if s.Entries == nil {
		return nil
	}
	return []Route{
		{GET, "/entries", identity.ViewBooks, s.entryQueue, 0},
		{POST, "/entries/submit", identity.PrepareEntries, s.entrySubmitMany, 0},
		{POST, "/entries/approve", identity.ApproveEntries, s.entryApproveMany, 0},
		{GET, "/entries/by-hand", identity.ViewBooks, s.handList, 0},
		{POST, "/entries/by-hand/take", identity.PostEntries, s.handTake, 0},
		{POST, "/entries/by-hand/confirm", identity.PostEntries, s.handConfirm, 0},
		{POST, "/entries/by-hand/read", identity.PostEntries, s.handRead, 0},
		{GET, "/entries/:id", identity.ViewBooks, s.entryShow, 0},
		{GET, "/entries/:id/lines/:line", identity.ViewBooks, s.entryLineShow, 0},
		{POST, "/entries/:id/submit", identity.PrepareEntries, s.entrySubmit, 0},
		{POST, "/entries/:id/withdraw", identity.PrepareEntries, s.entryWithdraw, 0},
		{POST, "/entries/:id/edit", identity.PrepareEntries, s.entryEdit, 0},
		{POST, "/entries/:id/reverse", identity.PrepareEntries, s.entryReverse, 0},
		{POST, "/entries/:id/discard", identity.PrepareEntries, s.entryDiscard, 0},
		{POST, "/entries/:id/approve", identity.ApproveEntries, s.entryApprove, 0},
		{POST, "/entries/:id/reject", identity.ApproveEntries, s.entryReject, 0},
		{POST, "/entries/:id/by-hand", identity.PostEntries, s.entryByHand, 0},
		{POST, "/entries/:id/look", identity.PostEntries, s.entryLook, 0},
		{POST, "/entries/:id/number", identity.PostEntries, s.entryNumber, 0},
		{POST, "/entries/:id/send", identity.PostEntries, s.entrySend, 0},
		{POST, "/entries/:id/comment", identity.Comment, s.entryComment, 0},
		{POST, "/entries/:id/attachments", identity.Comment, s.entryAttach, attachmentLimit + usualBody},
		{GET, "/entries/:id/attachments/:document", identity.ViewBooks, s.entryFile, 0},
	}
}
