// A mapping read by a settings table.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/members.h"
#include "config/report.h"
#include "config/secrets.h"
#include "core/channel/settings.h"

namespace sluis::config {

// Made once for a table and used for every mapping of it: defaults are parsed once, not for each of ten thousand
// accounts. [Lifetime] the table (constexpr data of ours or of a plugin) outlives it. [Threading] immutable.
class TableReader {
 public:
  explicit TableReader(const Table& table) : TableReader(table.rows, table.members) {}
  // `members` are what the caller reads itself, if they are there.
  explicit TableReader(SettingsTable table, std::span<const Member> members = {});

  // Every value checked, every default filled in. Reports unknown names with the nearest known one, wrong types and
  // bounds, secrets that are plain or cannot be had, references in what is no secret, and what is required and missing;
  // a value that was wrong leaves its default. [Preconditions] `mapping` is a mapping.
  [[nodiscard]] Settings read(const Node& mapping, const Path& at, Report& report, Secrets& secrets) const;

  [[nodiscard]] SettingsTable table() const { return table_; }
  // The member that a dotted name of the table leads to, or null.
  [[nodiscard]] static const Node* find(const Node& mapping, std::string_view dotted);

 private:
  struct Reading {
    Settings settings;
    std::vector<bool>
        seen;  // by row, then by member; also when its value was wrong, so that it is not called missing as well
    Report& report;
    Secrets& secrets;
  };
  [[nodiscard]] std::size_t size() const { return table_.size() + members_.size(); }
  [[nodiscard]] std::string_view name(std::size_t i) const;  // of a row, then of a member
  [[nodiscard]] bool required(std::size_t i) const;
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
  [[nodiscard]] bool is_group(std::string_view name) const;
  void read_members(const Node& mapping, const std::string& prefix, const Path& at, Reading& reading) const;
  void read_unknown(const Node& member, const std::string& prefix, const Path& at, Reading& reading) const;
  void see_group(std::string_view name, Reading& reading) const;
  void finish(const Node& mapping, const Path& at, Reading& reading) const;

  SettingsTable table_;
  std::span<const Member> members_;
  Settings defaults_;
};

// One value by one row; reports and returns nothing when it is wrong.
[[nodiscard]] std::optional<SettingValue> read_value(const SettingSpec& spec, const Node& value, const Path& at,
                                                     Report& report, Secrets& secrets);

}  // namespace sluis::config
