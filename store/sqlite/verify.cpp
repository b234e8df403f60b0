// `sluis verify`: every checksum, chain, content and seal. It reads all there is and changes nothing.
#include <fmt/format.h>

#include <array>
#include <map>

#include "store/sqlite/deliveries.h"
#include "store/sqlite/message_rows.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/seals.h"

namespace sluis::sqlite {

namespace {

class Verification {
 public:
  Verification(Connection& db, ContentStore& content, std::string_view key) : db_(db), content_(content), key_(key) {}

  VerifyReport run(const std::vector<std::string>& lines) {
    pages();
    messages();
    tombstones();
    seals(lines);
    return std::move(report_);
  }

 private:
  void found(std::string where, std::string what) { report_.findings.push_back({std::move(where), std::move(what)}); }

  // What SQLite knows of its own file: pages, and rows that an index does not agree with.
  void pages() {
    Query query(db_, "PRAGMA integrity_check(20)");
    while (query.next())
      if (query.bytes(0) != "ok") found("database", query.text(0));
  }

  void messages() {
    std::vector<MessageId> ids;  // 16 octets each: one walk, and no statement open over the reading of contents
    {
      Query query(db_, "SELECT id FROM messages ORDER BY id");
      while (query.next()) ids.push_back(query.message(0));
    }
    std::int64_t walked = 0;
    for (const MessageId& id : ids) {
      const auto row = load_message_row(db_, id);
      if (!row) continue;
      ++report_.messages;
      const std::string where = fmt::format("message {}", id.text());
      if (row->corrupt) found(where, "the record does not match its checksum");
      walked += chain(id, row->record, where);
      for (const DeliveryRow& delivery : load_deliveries(db_, id))
        if (!delivery_record(db_, delivery, nullptr))
          found(fmt::format("{} delivery {}", where, number(delivery.id)), "the record does not match its checksum");
      if (row->bodies)
        for (std::size_t i = 0; i < row->message.parts.size(); ++i)
          body(row->message.parts[i], fmt::format("{} part {}", where, i + 1));
    }
    Query all(db_, "SELECT count(*) FROM timeline");
    if (all.next() && all.number(0) != walked)
      found("timeline", fmt::format("{} entries belong to no message", all.number(0) - walked));
  }

  std::int64_t chain(const MessageId& id, std::string_view record, const std::string& where) {
    Sha256 value = chain_start(record);
    std::int64_t seq = 0;
    Query query(db_, "SELECT seq, entry, chain FROM timeline WHERE message = ? ORDER BY seq");
    query.with(id);
    std::int64_t walked = 0;
    for (; query.next(); ++walked) {
      ++report_.entries;
      const std::string place = fmt::format("{} entry {}", where, query.number(0));
      if (query.number(0) != seq + 1) found(place, fmt::format("entry {} is missing before it", seq + 1));
      seq = query.number(0);
      value = chain_next(value, query.bytes(1), id);
      if (value != query.digest(2))
        found(place, "the chain value is not that of the entries: one was changed");
      else if (!unpack_entry(query.bytes(1)))
        found(place, "the entry cannot be read");
      value = query.digest(2);  // goes on from what is stored: one change is one finding
    }
    if (walked == 0) found(where, "the message has no timeline: its entries were cut");
    return walked;
  }

  void body(const Part& part, const std::string& where) {
    auto reader = content_.open(part.content);
    if (!reader.ok()) {
      found(where, reader.error().what);
      return;
    }
    std::array<char, 64 * 1024> buffer;
    std::uint64_t size = 0;
    for (;;) {
      auto got = reader.value()->read(buffer);
      if (!got.ok()) {
        found(where, got.error().what);
        return;
      }
      if (got.value() == 0) break;
      size += got.value();
    }
    if (size != part.content.size)
      found(where, fmt::format("{} octets are there, {} were stored", size, part.content.size));
  }

  void tombstones() {
    Query query(db_, "SELECT count(*) FROM tombstones");
    if (query.next()) report_.tombstones = query.number(0);
  }

  // A sealed head is still there, or the message has gone on from it, or a tombstone has kept the last chain value.
  void head(const SealedHead& sealed, const std::string& where) {
    const std::string what = fmt::format("message {} entry {}", sealed.message.text(), sealed.seq);
    {
      Query entry(db_, "SELECT chain FROM timeline WHERE message = ? AND seq = ?");
      if (entry.with(sealed.message, sealed.seq).next()) {
        if (entry.digest(0) != sealed.chain) found(where, what + " is not the one that was sealed");
        return;
      }
    }
    Query stone(db_, "SELECT entries, chain FROM tombstones WHERE message = ?");
    if (!stone.with(sealed.message).next() || stone.number(0) < sealed.seq) {
      found(where, what + " was sealed and is gone");
      return;
    }
    if (stone.number(0) == sealed.seq && stone.digest(1) != sealed.chain)
      found(where, what + " is not the one that was sealed");
  }

  void seals(const std::vector<std::string>& lines) {
    std::map<std::int64_t, std::string> said;  // by number, as the database would write the line
    Sha256 previous{};
    std::int64_t expected = 1;
    {
      Query query(db_, "SELECT n, at, heads, seal FROM seals ORDER BY n");
      while (query.next()) {
        ++report_.seals;
        const std::int64_t n = query.number(0);
        const std::string where = fmt::format("seal {}", n);
        if (n != expected) found(where, fmt::format("seal {} is missing before it", expected));
        expected = n + 1;
        const Sha256 value = query.digest(3);
        if (seal_value(key_, previous, n, query.time(1), query.bytes(2)) != value)
          found(where, "the seal is not that of its heads, of the seal before it, or of this key");
        previous = value;
        const auto heads = unpack_heads(query.bytes(2));
        if (!heads)
          found(where, "its heads cannot be read");
        else
          for (const SealedHead& sealed : *heads) head(sealed, where);
        said.emplace(n, seal_line(n, query.time(1), value));
      }
    }
    for (const std::string& text : lines) {
      const auto line = parse_seal_line(text);
      if (!line) {
        found("log", fmt::format("not a seal: {}", text));
        continue;
      }
      const auto at = said.find(line->n);
      const std::string where = fmt::format("log seal {}", line->n);
      if (at == said.end())
        found(where, "it was written to the log and is not in the database: the database's tail was cut or put back");
      else if (at->second != fmt::format("seal {} {} {}", line->n, line->at, line->hex))
        found(where, "the log and the database differ");
    }
  }

  Connection& db_;
  ContentStore& content_;
  std::string_view key_;
  VerifyReport report_;
};

}  // namespace

VerifyReport verify(Connection& db, ContentStore& content, std::string_view seal_key,
                    const std::vector<std::string>& seal_lines) {
  return Verification(db, content, seal_key).run(seal_lines);
}

}  // namespace sluis::sqlite
