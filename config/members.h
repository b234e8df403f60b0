// What a row of a settings table cannot say: members whose value is a list, a mapping, or has more than one form. Data,
// so that the readers, the JSON Schemas and the reference pages know the same members.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/channel/settings.h"

namespace sluis::config {

enum class Form : std::uint8_t {
  word,             // one of `choices`
  lines,            // text, over several lines if need be
  texts,            // one text or a list of them, not empty; each by `pattern`
  condition,        // attributes of a message and what they must be (config/conditions.h)
  conditions,       // a list of conditions
  mapping,          // by `of`
  list,             // of mappings by `of`
  names,            // NAME: a mapping by `of`
  list_or_names,    // either; in the list the first row is required, as it is the name
  word_or_mapping,  // one of `choices`, or a mapping by `of`
  destinations,     // one destination or a list of them, not empty: `to`, an address, and options of the adapter's
  account,          // by the account table of the channel's kind
  accounts,         // CHANNEL: an account
  returns           // channels, not none: a list, or FLOW: a list, with `default`
};

struct Table;

// [Lifetime] all of it is constexpr data.
struct Member {
  std::string_view name;  // dotted when below
  Form form = Form::lines;
  std::string_view sentence;  // mandatory
  bool required = false;
  const Table* of = nullptr;
  std::span<const std::string_view> choices = {};
  std::string_view pattern = {};  // an ECMA-262 regular expression, for a schema only; another check says it in words
};

// A mapping: rows of plain settings and members beside them.
struct Table {
  std::string_view heading;  // of the reference page: "gateway.yaml: listeners.NAME"
  SettingsTable rows = {};
  std::span<const Member> members = {};
};

// One kind of file of the configuration.
struct FileSpec {
  std::string_view kind;  // as `sluis schema` names it
  std::string_view file;  // "channels/*.yaml"
  const Table* root = nullptr;
  bool may_be_empty = false;
};

}  // namespace sluis::config
