# What every target of the house shares: language, warnings, sanitizers, faster tools where they exist.
include_guard()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")

# Assertions stay on: a broken invariant must stop the gateway, not be delivered. Debug information is the debug preset's.
set(CMAKE_CXX_FLAGS_RELEASE "-O2")

find_program(SLUIS_CCACHE ccache)
if(SLUIS_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${SLUIS_CCACHE}")
endif()
find_program(SLUIS_MOLD mold)
if(SLUIS_MOLD AND NOT SLUIS_FUZZ)
  add_link_options(-fuse-ld=mold)
endif()

add_library(sluis-flags INTERFACE)
target_include_directories(sluis-flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(sluis-flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wunused
  -Wconversion -Wno-sign-conversion -Wformat=2 -Wimplicit-fallthrough -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these inside the standard library itself when it inlines (PR 105329, 105651 and relatives).
  target_compile_options(sluis-flags INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds
    -Wno-maybe-uninitialized -Wno-dangling-pointer)
endif()
target_compile_definitions(sluis-flags INTERFACE
  $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>
  $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
if(SLUIS_SANITIZE)
  add_compile_options(-fsanitize=${SLUIS_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SLUIS_SANITIZE})
endif()
if(SLUIS_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(fmt REQUIRED)

# sluis_objects(NAME sources…): an object library with the house's flags; LINK for what its headers need.
function(sluis_objects name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_library(${name} OBJECT ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC sluis-flags ${ARG_LINK})
endfunction()

set(SLUIS_PROFILE ci CACHE STRING "The column of tests/budgets that long tests are given: ci or long")

# The seconds of a row of tests/budgets in this profile. The file is the one place where long tests get their time.
function(sluis_budget name seconds)
  set_property(DIRECTORY "${PROJECT_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/budgets")
  file(STRINGS "${PROJECT_SOURCE_DIR}/tests/budgets" rows REGEX "^${name}[ \t]")
  if(NOT rows MATCHES "^${name}[ \t]+([0-9]+)[ \t]+([0-9]+)")
    message(FATAL_ERROR "tests/budgets has no row \"${name}\"")
  endif()
  if(SLUIS_PROFILE STREQUAL "long")
    set(${seconds} ${CMAKE_MATCH_2} PARENT_SCOPE)
  else()
    set(${seconds} ${CMAKE_MATCH_1} PARENT_SCOPE)
  endif()
endfunction()

# sluis_test(NAME sources… [LINK libs…] [BUDGET row]): one GoogleTest program. With BUDGET it is a long test: its time limit
# is its row of tests/budgets, and its label is `long`.
function(sluis_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT;BUDGET" "LINK;LABELS;ENVIRONMENT" ${ARGN})
  if(ARG_BUDGET)
    sluis_budget(${ARG_BUDGET} ARG_TIMEOUT)
    list(APPEND ARG_LABELS long)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE sluis-flags ${ARG_LINK} GTest::gmock GTest::gtest_main)
  # What is tested is optimised; optimising the tests themselves only costs time.
  target_compile_options(${name} PRIVATE -O0 -U_FORTIFY_SOURCE)
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}" ENVIRONMENT "${ARG_ENVIRONMENT}")
endfunction()
