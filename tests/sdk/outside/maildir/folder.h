// A Maildir: tmp, new and cur, so that a reader never sees half a mail (https://cr.yp.to/proto/maildir.html); in a
// Maildir++ sub-folders are called .Name.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/result.h"

namespace maildir {

// [Threading] a value; every call blocks on the disk. [Errors] "maildir.missing": the folder is not there;
// "maildir.full": disk or quota; "maildir.io"; "maildir.doubt": the mail is in its place, but may not survive a power
// cut.
class Folder {
 public:
  explicit Folder(std::string path) : path_(std::move(path)) {}
  // The Maildir++ sub-folder; error "maildir.name" when the name would lead elsewhere.
  sluis::Result<Folder> below(std::string_view name) const;

  // Whether a mail of this name is there, read or unread.
  sluis::Result<bool> has(const std::string& name) const;
  // Writes the pieces that `next` gives, until an empty one, to tmp, makes them durable and renames them into new.
  sluis::Status deliver(const std::string& name, const std::function<sluis::Result<std::string>()>& next) const;

  // The unread mails, in the order of their names.
  sluis::Result<std::vector<std::string>> unread() const;
  // An owned descriptor on an unread mail: a regular file, no link.
  sluis::Result<int> open(const std::string& name) const;
  sluis::Status remove(const std::string& name) const;
  // To cur, flagged: a person's mail program shows it as one to look at.
  sluis::Status set_aside(const std::string& name) const;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace maildir
