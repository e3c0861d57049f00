# Runs codegen: sources at configure time, then one build step per kernel (or one that takes the kernels of another build),
# then tables and manifest.

set(generated ${build_root}/generated)
set(cubin_folder ${build_root}/cubins)

# Build rules name this script instead of the Python that stands in it, so that an install from another environment
# does not rebuild every kernel.
set(codegen ${build_root}/codegen)
configure_file(codegen.in ${codegen} @ONLY FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)

file(GLOB_RECURSE codegen_sources CONFIGURE_DEPENDS ${source_root}/codegen/*.py ${source_root}/codegen/*.in
     ${source_root}/codegen/tuning/*.txt)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${codegen_sources})

function(run_codegen)
    execute_process(
        COMMAND ${codegen} ${ARGN}
        RESULT_VARIABLE status
        ERROR_VARIABLE message
        ERROR_STRIP_TRAILING_WHITESPACE)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "${message}")
    elseif(message)
        message(STATUS "${message}")
    endif()
endfunction()

set(other_nvcc)
if(AOTGEMM_ALLOW_OTHER_NVCC)
    set(other_nvcc --allow-other-nvcc)
endif()
set(nvcc_host ${CMAKE_CXX_COMPILER})
if(AOTGEMM_NVCC_HOST)
    set(nvcc_host ${AOTGEMM_NVCC_HOST})
endif()
run_codegen(toolchain --nvcc=${AOTGEMM_NVCC} ${other_nvcc} --host-compiler ${nvcc_host} --cutlass=${AOTGEMM_CUTLASS}
            --out ${generated})
run_codegen(--out ${generated})

# Which headers a kernel includes may change with any of them. Dependency files would be translated by CMake into a
# folder that isolated wheel builds clear, and every kernel would be compiled again.
file(GLOB_RECURSE kernel_headers CONFIGURE_DEPENDS ${source_root}/cpp/kernels/*)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${kernel_headers})
run_codegen(depends --kernels ${source_root}/cpp/kernels --out ${generated})
include(${generated}/includes.cmake)

# What decides a cubin and its sidecar besides its own sources: how it is compiled (this folder), and what its family and
# its architecture say about it (facts/NAME.json). A new tile or a new family compiles no other kernel again.
file(GLOB compile_sources CONFIGURE_DEPENDS ${source_root}/codegen/compile/*.py)
list(FILTER compile_sources EXCLUDE REGEX "/take\\.py$")  # decides whether a cubin is copied, and no byte of one

file(STRINGS ${generated}/kernels.txt kernel_names)
list(LENGTH kernel_names kernel_count)
list(TRANSFORM kernel_names REPLACE "(.+)" "${cubin_folder}/\\1.cubin" OUTPUT_VARIABLE cubins)
list(TRANSFORM kernel_names REPLACE "(.+)" "${cubin_folder}/\\1.json" OUTPUT_VARIABLE sidecars)
set(job_folders --toolchain ${generated}/toolchain.json --kernels ${source_root}/cpp/kernels --generated ${generated}
    --out ${cubin_folder})

if(AOTGEMM_CUBINS)
    # Hundreds of small copies are one step: for each of them Python would take longer to start than to copy.
    list(TRANSFORM kernel_names REPLACE "(.+)" "${generated}/kernels/\\1.cu" OUTPUT_VARIABLE kernel_sources)
    add_custom_command(
        OUTPUT ${cubins}
        BYPRODUCTS ${sidecars}
        COMMAND ${codegen} take --from ${AOTGEMM_CUBINS} ${job_folders}
        DEPENDS ${kernel_sources} ${kernel_headers} ${generated}/toolchain.version ${source_root}/codegen/compile/take.py
                ${compile_sources}
        COMMENT "${kernel_count} kernels are taken from ${AOTGEMM_CUBINS}"
        VERBATIM)
else()
    message(STATUS "${kernel_count} kernels are compiled unless they are there already; each is a line below when it is done")
    set(kernel_number 0)
    foreach(name IN LISTS kernel_names)
        math(EXPR kernel_number "${kernel_number} + 1")
        add_custom_command(
            OUTPUT ${cubin_folder}/${name}.cubin
            BYPRODUCTS ${cubin_folder}/${name}.json
            COMMAND ${codegen} cubin ${name} ${job_folders}
            DEPENDS ${generated}/kernels/${name}.cu ${generated}/facts/${name}.json ${includes_${name}}
                    ${generated}/toolchain.version ${compile_sources}
            COMMENT "kernel ${kernel_number} of ${kernel_count}: ${name}"
            VERBATIM)
    endforeach()
endif()

add_custom_command(
    OUTPUT ${generated}/inventory.cpp ${generated}/inventory.S ${generated}/manifest.json
    COMMAND ${codegen} inventory --cubins ${cubin_folder} --version ${PROJECT_VERSION} --out ${generated}
    DEPENDS ${cubins} ${codegen_sources} ${generated}/kernels.txt
    COMMENT "tables of specs and cubins, manifest"
    VERBATIM)
