// Reader over one read-only connection.
#pragma once

#include <memory>

#include "core/store/store.h"
#include "store/sqlite/claims.h"
#include "store/sqlite/read_pool.h"

namespace sluis::sqlite {

// What verify() needs beside the database.
struct ReadContext {
  ContentStore& content;
  Claims& claims;
  std::string seal_key;
};

// Error codes: "store.deadline", "store.corrupt" (the database file itself), "store.io".
// [Lifetime] the context's store outlives it.
Result<std::unique_ptr<Reader>> open_reader(std::shared_ptr<ReadPool> pool, ReadContext context, const Clock& clock,
                                            Duration deadline);

// A Failure as readers and the writer report it.
Error error_of(const Failure& failure);

// verify.cpp: walks every chain, checksum, content and seal.
VerifyReport verify(Connection& db, ContentStore& content, std::string_view seal_key,
                    const std::vector<std::string>& seal_lines);

}  // namespace sluis::sqlite
