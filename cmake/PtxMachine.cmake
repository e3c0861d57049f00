# The PTX machine (cpp/ptx_machine): a driver that runs kernels on the CPU, and its command. A test tool, not in wheels.

file(GLOB_RECURSE machine_sources CONFIGURE_DEPENDS ${source_root}/cpp/ptx_machine/*.cpp)
list(FILTER machine_sources EXCLUDE REGEX "/(driver|cli)/")
file(GLOB machine_driver_sources CONFIGURE_DEPENDS ${source_root}/cpp/ptx_machine/driver/*.cpp)
file(GLOB machine_arithmetic CONFIGURE_DEPENDS ${source_root}/cpp/emulation/sm100/*.cpp)
list(APPEND machine_arithmetic ${source_root}/cpp/emulation/sm90/fp8_tile.cpp
     ${source_root}/cpp/emulation/sm90/mma_bf16_tf32_tile.cpp)

# Where it is built it runs, so it may use all that this processor has. Products and sums must not be fused.
add_library(ptx_machine STATIC ${machine_sources} ${machine_arithmetic})
target_include_directories(ptx_machine PUBLIC ${source_root}/cpp)
target_compile_options(ptx_machine PRIVATE -O3 -march=native -ffp-contract=off -Wall -Wextra)
set_target_properties(ptx_machine PROPERTIES POSITION_INDEPENDENT_CODE ON)

add_executable(aotgemm_ptx ${source_root}/cpp/ptx_machine/cli/main.cpp)
target_link_libraries(aotgemm_ptx PRIVATE ptx_machine)
set_target_properties(aotgemm_ptx PROPERTIES OUTPUT_NAME aotgemm-ptx)

add_library(ptx_machine_driver SHARED ${machine_driver_sources})
target_link_libraries(ptx_machine_driver PRIVATE ptx_machine)
set_target_properties(ptx_machine_driver PROPERTIES OUTPUT_NAME cuda SOVERSION 1)
