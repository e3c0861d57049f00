# find_package(aotgemm): target aotgemm::aotgemm, the library and its C header.
include(${CMAKE_CURRENT_LIST_DIR}/aotgemmTargets.cmake)
