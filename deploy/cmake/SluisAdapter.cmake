# sluis_adapter(NAME sources… [LINK libs…]): an adapter from adapter.cpp, which ends in SLUIS_PLUGIN, and its other sources.
# SLUIS_ADAPTERS=shared: lib/sluis/adapters/NAME.so, loaded at start. SLUIS_ADAPTERS=builtin: the same objects linked in, the
# symbol carrying the adapter's name; unit tests, fuzzers and sanitizers use that. Only adapter.cpp is compiled for each.
include_guard()

function(sluis_adapter name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  set(parts sluis-adapter-${name}-parts)
  add_library(${parts} OBJECT ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${parts} PUBLIC sluis-flags sluis-core sluis-protocols ${ARG_LINK})
  set(stamp SLUIS_VERSION="${PROJECT_VERSION}" SLUIS_HEADERS_HASH="${SLUIS_HEADERS_HASH}")

  add_library(sluis-adapter-${name} STATIC adapter.cpp)
  target_compile_definitions(sluis-adapter-${name} PRIVATE SLUIS_ADAPTER_BUILTIN ${stamp})
  target_link_libraries(sluis-adapter-${name} PUBLIC ${parts})
  target_sources(sluis-adapter-${name} PRIVATE $<TARGET_OBJECTS:${parts}>)

  if(SLUIS_ADAPTERS STREQUAL "shared")
    add_library(sluis-plugin-${name} MODULE adapter.cpp $<TARGET_OBJECTS:${parts}>)
    target_compile_definitions(sluis-plugin-${name} PRIVATE ${stamp})
    target_link_libraries(sluis-plugin-${name} PRIVATE sluis-flags sluis-core sluis-protocols ${ARG_LINK})
    set_target_properties(sluis-plugin-${name} PROPERTIES PREFIX "" OUTPUT_NAME "${name}"
      LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib/sluis/adapters")
  endif()
  if(TARGET sluis-plugin-${name})
    add_dependencies(sluis-plugins sluis-plugin-${name})
  endif()
  set_property(GLOBAL APPEND PROPERTY SLUIS_ADAPTER_NAMES ${name})
endfunction()
